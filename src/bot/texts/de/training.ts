/** German: styles that are learnt from a server's own pictures. */
import type { training as english } from '../en/training.ts';
import type { Translation } from '../translation.ts';

export const training: Translation<typeof english> = {
  'command.style.train': 'Einen Stil aus eigenen Bildern lernen, auf dieser Maschine',
  'command.style.train.option.name': 'Wie der Stil heißt: Buchstaben, Ziffern, - und _',
  'command.style.train.option.trigger': 'Worte, die mit diesem Stil in jeden Prompt kommen',
  'command.style.train.option.model': 'Das Modell, das ihn lernt; ohne Angabe das des Servers',
  'menu.train': 'Zu Stilbildern legen',

  'form.training.title': '{style} lernen',
  'form.training.submit': 'Hinzufügen',
  'form.training.pictures': 'Bilder des Stils, bis zu {max}',
  'form.training.word': 'Wessen Bilder? Dürfen sie genutzt werden?',
  'form.training.captions': 'Was sie zeigen, je eine Zeile',

  'button.training-more': 'Bilder hinzufügen',
  'button.training-start': 'Starten',
  'button.training-stop': 'Anhalten',
  'button.training-drop': 'Verwerfen',
  'button.train-on': 'Weiter lernen',
  'button.keep': 'Bilder behalten',

  'training.title': 'Neuer Stil {style}, aus Bildern',
  'training.count': '{count:Bild|Bilder} von {people:Person|Personen}; bis zu {most} können es sein.',
  'training.missing': 'Es fehlen mindestens noch {missing}.',
  'training.ready': 'Starten lernt den Stil daraus; alle können währenddessen zeichnen.',
  'training.stays': 'Die Bilder bleiben auf dieser Maschine.',
  'training.travels': 'Zum Lernen gehen die Bilder an den eigenen Runner dieses Bots, {host}, und nirgendwohin sonst.',
  'training.goes': 'Nach Speichern oder Verwerfen werden sie gelöscht.',
  'training.kept': 'Nach dem Speichern bleiben sie, mit Absicht.',
  'training.added': '{added:Bild|Bilder} zu {style} gelegt; jetzt sind es {count}.',
  'training.by-menu': 'aus einer Nachricht von {person}',
  'training.waiting': 'Wartet auf das Gerät: {ahead} in der Reihe.',
  'training.begun': 'Bereitet die Bilder vor …',
  'training.learning': 'Schritt {step} von {steps}, noch etwa {left}',
  'training.so-far': 'Was er bis jetzt gelernt hat',
  'training.dropped': 'Verworfen, mit seinen Bildern.',
  'training.prompt': 'eine Katze mit rotem Hut',
  'training.seconds': '{seconds} s',
  'training.minutes': '{minutes} min',
  'training.hours': '{hours} h {minutes} min',
  'style.show.made':
    'Hier gelernt aus {pictures:Bild|Bildern}, {date}: {steps} Schritte, Rang {rank}, {size}, Seed {seed}, {time} des Geräts',
  'audit.style-train': 'gab {pictures} Bilder für den Stil {style}: „{word}“',

  'mydata.pictures': 'Auch {pictures:Bild|Bilder}, die du zum Lernen von Stilen gabst, sind gelöscht.',
  'mydata.learnt':
    'Stile, die aus deinen Bildern gelernt sind, gehören ihren Servern und bleiben: {styles}. Ein Admin entfernt einen mit /style remove.',

  'error.train.few': 'Ein Stil braucht {fewest} bis {most} Bilder; es sind {count}. Füge einige derselben Art hinzu.',
  'error.train.many': 'Ein Stil braucht {fewest} bis {most} Bilder; es sind {count}. Lass die schwächsten weg.',
  'error.train.full': 'Ein Stil kann {most} Bilder haben, und dieser hat sie. Drücke Starten.',
  'error.train.small': '„{name}“ hat {width} × {height} Pixel; je Seite sind {least} nötig. Nimm ein größeres.',
  'error.train.twice': '„{first}“ und „{second}“ sind dasselbe Bild; eines davon zählt.',
  'error.train.memory':
    'Das zu lernen braucht {needed} GB freien Speicher, frei sind {free} GB. Wähle ein kleineres Modell oder bitte den Betreiber um mehr.',
  'error.train.diverged': 'Das Lernen lief bei Schritt {step} aus dem Ruder. Versuche es mit anderen Bildern.',
  'error.train.word':
    'Schreib, wessen Bilder es sind und dass sie genutzt werden dürfen; es steht dann in der Liste der Änderungen.',
  'error.train.none': 'Es gibt keinen Stil, zu dem sie kämen. Beginne einen mit /style train.',
  'error.train.no-pictures': 'An dieser Nachricht hängen keine Bilder.',
  'error.train.open': 'Ein Server kann {max} Stile zugleich in Arbeit haben: {styles}. Beende oder verwirf einen.',
  'error.train.gone': 'Dieser Stil ist nicht mehr in Arbeit. Beginne neu mit /style train.',
  'error.train.running': 'Der Stil {style} ist darüber hinaus: er wird gelernt oder ist es schon.',
  'error.train.busy': 'Dieser Server lernt schon den Stil {style}, und nur einen zugleich. Starte diesen danach.',
  'error.train.quota':
    'Ein Server darf am Tag {minutes} Minuten eines Geräts zum Lernen von Stilen nutzen; sie sind verbraucht. Neue gibt es in {hours:Stunde|Stunden}.',
  'error.train.cancelled': 'Angehalten. Starten macht dort weiter.',
  'error.train.failed': 'Beim Lernen ging etwas schief. Starten versucht es von dort aus noch einmal.',
};
