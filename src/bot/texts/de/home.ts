/** German: the bot's own page in a chat, what it says of itself to those who run it there, and the pages of a browser that installs it. */
import type { home as english } from '../en/home.ts';
import type { Translation } from '../translation.ts';

export const home: Translation<typeof english> = {
  'home.title': 'Bilder aus Worten, in vier Schritten',
  'home.about':
    'Tippe /imagine und was du sehen willst, in jedem Kanal; in einem Thread oder hier erwähne mich oder schreib einfach. Eine Maschine zeichnet es.',
  'home.draw': 'Ein Bild zeichnen',
  'home.pictures': 'Deine neuesten Bilder',
  'home.no-pictures': 'Du hast hier noch keine Bilder.',
  'menu.imagine': 'Bild zeichnen…',
  'form.where': 'Antwort in',
  'form.where-hint': 'Bleibt es leer, bekommst nur du die Antwort.',
  'scope.missing':
    'Dieser App fehlt hier die Berechtigung {scope} ({purpose}); etwas, worum jemand bat, ging deshalb nicht. Füge sie unter api.slack.com/apps bei OAuth & Permissions hinzu und installiere die App neu.',
  'install.done': 'Fourstep ist da. Geh zurück in deinen Chat und tippe /imagine ein Fuchs auf Blau.',
  'install.state':
    'Diese Installation wurde anderswo oder vor zu langer Zeit begonnen. Öffne noch einmal den Link, der die App installiert.',
  'install.failed': 'Die App wurde nicht installiert. Öffne noch einmal den Link, der sie installiert.',
};
