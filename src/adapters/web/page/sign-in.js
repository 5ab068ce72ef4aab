/** The few words of signing in, in the reader's language, and that a token was wrong. The form works without. */
const isWrong = new URLSearchParams(location.search).has('token');
document.getElementById('wrong').hidden = !isWrong;
if (navigator.language.startsWith('de')) {
  document.documentElement.lang = 'de';
  for (const element of document.querySelectorAll('[data-de]')) {
    element.textContent = element.dataset.de;
  }
}
