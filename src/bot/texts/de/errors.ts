/** German: refusals and failures by code. The same values as in the English table. */
import type { errors as english } from '../en/errors.ts';
import type { Translation } from '../translation.ts';

export const errors: Translation<typeof english> = {
  'error.option.unknown': 'Es gibt keine Option --{given}. Meintest du --{closest}?',
  'error.option.unknown-far': 'Es gibt keine Option --{given}. Es gibt: {options}.',
  'error.option.foreign': 'Ein --{given} gibt es hier nicht. Am nächsten kommt --{nearest}.',
  'error.option.foreign-none': '--{given} bedeutet hier nichts: Das Modell ist das des Servers. Lass es weg.',
  'error.option.twice': '--{option} gilt einmal; es kam als {first} und als {second}. Lass eines weg.',
  'error.option.loose': '/{command} nimmt keine eigenen Worte; du schriebst „{given}“. Lass sie weg.',
  'error.option.empty': '--{option} braucht einen Wert dahinter. Schreib einen, oder lass es weg.',
  'error.option.number': '--{option} nimmt eine Zahl; du schriebst „{given}“.',
  'error.option.integer': '--{option} nimmt eine ganze Zahl; du schriebst „{given}“.',
  'error.option.range': '{label} kann {min} bis {max} sein; du wolltest {given}.',
  'error.option.range-default': '{label} kann {min} bis {max} sein; du wolltest {given}. Ohne Angabe gilt {fallback}.',
  'error.option.choice': '--{option} kann {choices} sein; du schriebst „{given}“. Meintest du {closest}?',
  'error.option.boolean': '--{option} kann yes oder no sein; du schriebst „{given}“.',
  'error.option.long': '--{option} kann {max} Zeichen haben; deines hat {given}. Kürze es.',
  'error.option.file': '--{option} nimmt eine Datei ({endings}); du gabst „{given}“.',
  'error.option.attach': '--{option} nimmt eine angehängte Datei, keine Worte. Häng sie an, oder lass es weg.',
  'error.option.missing': 'Hier fehlt {option}. Schreib es hinter den Befehl.',
  'error.size.format': 'Eine Größe sieht aus wie 512x768; du schriebst „{given}“.',
  'error.size.range':
    'Seiten können mit {model} {min} bis {max} Pixel haben; du wolltest {given}. Ohne Angabe gilt {fallback}.',
  'error.aspect.format': 'Ein Seitenverhältnis sieht aus wie 3:2 oder square; du schriebst „{given}“.',
  'error.aspect.range': 'Ein Seitenverhältnis kann 1:4 bis 4:1 sein; du wolltest {given}.',
  'error.size.both': 'Gib eine Größe oder ein Seitenverhältnis an, nicht beides; du gabst {size} und {aspect}.',

  'error.style.unknown': 'Dieser Server hat keinen Stil „{given}“. Meintest du {closest}?',
  'error.style.unknown-none':
    'Dieser Server hat keinen Stil „{given}“ und auch noch keinen anderen. Lass ihn weg, oder bitte einen Admin um /style add.',
  'error.style.unknown-far': 'Dieser Server hat keinen Stil „{given}“. /style list zeigt alle.',
  'error.style.model':
    'Der Stil {style} ist für {styleModel}; dieser Server zeichnet mit {model}. Wähle einen anderen Stil, oder lass ihn weg.',
  'error.style.trained-elsewhere':
    'Der Stil {style} wurde mit einer anderen Fassung von {model} gelernt und würde falsch gezeichnet. Lerne ihn neu oder bring eine Datei für diese.',
  'error.style.base-changed':
    'Der Stil {style} wurde für einen anderen Stand von {model} gemacht. Wähle einen anderen Stil, oder bitte einen Admin, ihn neu hinzuzufügen.',
  'error.style.room':
    'Die Stile wögen mit diesem {bytes} MB, und {max} MB sind das Meiste. Entferne einen mit /style remove, oder bring eine kleinere Datei.',
  'error.style.mix':
    'Eine Mischung sind bis zu {max} Stile wie neon:0.6+ink:0.4, mit Anteilen bis 2; du schriebst „{given}“.',
  'error.style.name': 'Ein Stilname hat 1 bis 32 Buchstaben, Ziffern, - oder _; du schriebst „{given}“.',
  'error.style.reserved': 'Kein Stil kann „{given}“ heißen: das bedeutet kein Stil. Wähle einen anderen Namen.',
  'error.style.taken': 'Den Stil {name} gibt es schon. Wähle einen anderen Namen, oder ändere ihn mit /style edit.',
  'error.style.builtin':
    'Der Stil {name} kommt mit dem Modell und ist nicht zu ändern. Füge mit /style add einen eigenen hinzu.',
  'error.style.nothing': 'Sag, was sich ändern soll: weight, trigger, negative, model oder description.',
  'error.style.source':
    'Ein Stil braucht eine LoRA: häng eine .safetensors-Datei an, oder gib ihre https-Adresse als url an.',
  'error.style.two-sources': 'Ein Stil braucht eine LoRA: häng eine Datei an oder gib eine Adresse an, nicht beides.',
  'error.style.full': 'Ein Server kann {max} Stile haben, und dieser hat sie. Entferne einen mit /style remove.',
  'error.style.base':
    'Diese LoRA ist für {loraBase}; {model} ist {modelBase}. Gib eine LoRA für {modelBase} an, oder ein anderes Modell.',
  'error.style.draft-gone': 'Diese Vorschau ist nicht mehr offen. Füge den Stil mit /style add noch einmal hinzu.',
  'error.style.elsewhere':
    'Dieser Stil gehört zu {server}. Dort zeigt /style show {style} ihn noch einmal, mit Knöpfen, die gehen.',
  'error.style.draft-other': 'Nur der Admin, der diese Vorschau begann, kann sie abschließen.',
  'error.style.weight': 'Ein Gewicht kann −2 bis 2 sein; es ist schon {weight}.',

  'error.lora.size': 'Eine LoRA kann hier {max} MB haben; diese hat {given} MB.',
  'error.lora.format':
    'Eine LoRA ist eine safetensors-Datei; diese beginnt nicht so. Prüfe, ob die Adresse zur Datei selbst führt.',
  'error.lora.url': 'Eine Adresse beginnt mit https:// und nennt eine Datei; du gabst „{given}“.',
  'error.lora.host': 'Dateien werden nur von {hosts} geholt; du gabst {given}. Häng die Datei stattdessen an.',
  'error.lora.private': '{given} führt in ein privates Netz. Häng die Datei stattdessen an.',
  'error.lora.redirect':
    '{host} verweist weiter auf {target}, von wo keine Dateien geholt werden. Gib die Adresse der Datei selbst an, oder häng sie an.',
  'error.lora.status': '{host} antwortete {status} statt mit der Datei. Prüfe die Adresse, oder häng die Datei an.',
  'error.lora.unreachable': '{host} hat die Datei nicht gesendet. Versuch es später, oder häng sie an.',

  'error.page.often': 'Hier werden {max} davon in der Minute beantwortet. Warte einen Moment.',
  'error.page.guesses': 'Von deiner Adresse kamen zu viele falsche Token. Warte eine Minute.',
  'error.page.token':
    'Das ist nicht das Betreiber-Token; es steht als OPERATOR_TOKEN in der Umgebung des Bots oder dort, wo er gestartet wurde.',
  'error.page.streams': 'Zu viele Seiten sind offen. Schließ eine.',
  'error.page.busy': 'Gerade werden andere Dateien empfangen. Versuch es gleich noch einmal.',
  'error.page.large': 'Hier können insgesamt {max} gesendet werden; das ist mehr. Sende weniger.',
  'error.page.form':
    'Die Seite hat ein Formular gesendet, das nicht lesbar war. Lade sie neu und sende es noch einmal.',
  'error.image.unreadable':
    'Ein Ausgangsbild ist ein PNG, JPEG, WebP, GIF oder AVIF mit höchstens 50 Megapixeln; diese Datei war nicht als solches zu öffnen.',
  'error.image.dimensions':
    'Ein Ausgangsbild kann Seiten bis {side} und insgesamt {megapixels} Megapixel haben; dieses hat {width}×{height}. Schick ein kleineres.',
  'error.image.frames':
    'Ein Ausgangsbild kann bis zu {max} Einzelbilder haben; dieses hat mehr. Schick eines davon als eigenes Bild.',
  'error.style.busy': 'Gerade werden andere Stildateien empfangen; schick deine gleich noch einmal.',
  'error.image.busy': 'Gerade werden viele Bilder geöffnet; schick deins gleich noch einmal.',
  'error.image.costly':
    'Dieses Bild zu öffnen braucht mehr Speicher oder Zeit, als hier erlaubt ist. Speichere es in einem Bildprogramm neu, oder schick ein kleineres.',
  'error.image.size': 'Ein Ausgangsbild kann {max} MB haben; dieses hat {given} MB.',
  'error.image.heic':
    'Das ist ein HEIC-Bild, wie iPhones sie machen; hier lässt es sich nicht öffnen. Sende es als JPEG oder PNG (ein Bildschirmfoto davon genügt).',
  'error.image.two': 'Es gibt ein Bild als Anfang: hänge es an oder sage, wo es ist, nicht beides.',
  'error.image.from':
    'from ist die https-Adresse eines Bildes, ich für den eigenen Avatar, eine Person, wo dieser Server das erlaubt, oder thread für das, womit ein Thread in Slack begann; du schriebst „{given}“.',
  'error.image.no-person':
    'Unter „{given}“ gibt es hier niemanden mit Bild. Erwähne die Person oder hänge ein Bild an.',
  'error.image.none-there': 'Diese Nachricht zeigt kein Bild, das sich aufgreifen lässt. Wähle eine mit Bild.',
  'error.image.no-thread':
    '--from thread meint das Bild, mit dem ein Thread in Slack begann, und gilt in diesem Thread. Hänge das Bild an, oder wähle „Als Anfang nehmen“ in seinem Menü.',
  'error.image.thread-closed':
    'Die App darf diesen Thread nicht lesen. Hänge das Bild stattdessen an, oder bitte einen Admin um die Berechtigung channels:history.',
  'error.image.start-gone': 'Dieses Bild ist nicht mehr zur Hand. Wähle es noch einmal im Menü der Nachricht.',
  'error.image.url': 'Die Adresse eines Bildes beginnt mit https://; du gabst „{given}“.',
  'error.image.private': '{given} führt in ein privates Netz. Hänge das Bild stattdessen an.',
  'error.image.gone': '{host} antwortete {status} statt des Bildes. Prüfe die Adresse oder hänge das Bild an.',
  'error.image.unreachable': '{host} hat das Bild nicht gesendet. Versuche es später oder hänge es an.',
  'error.image.mask':
    'Eine Maske sagt, was von einem Bild neu gezeichnet wird, sie braucht also auch das Bild. Hänge es als image an, oder lass die Maske weg.',
  'error.mask.shape':
    'Eine Maske hat die Form ihres Bildes, {width}×{height}; diese ist {given}. Male sie über das Bild selbst.',
  'error.mask.empty':
    'Diese Maske bedeckt nichts: neu gezeichnet wird, was darin weiß ist, oder, wo sie durchsichtig ist, das Durchsichtige.',
  'error.request.mask':
    'Diese Maske bedeckt bei der gezeichneten Größe nichts. Male mit breiterem Pinsel: Weiß wird neu gezeichnet.',
  'error.image.strength':
    'Strength sagt, wie viel von einem Bild neu gezeichnet wird, und braucht daher ein image. Häng eines an, oder lass es weg.',

  'error.allowed.emoji': 'Das kann nur, wer auf diesem Server Emojis hinzufügen darf.',
  'error.emoji.picture': 'Welches Bild, das kann 1 bis {count} sein; du schriebst „{given}“.',
  'error.emoji.kind': 'Das kann emoji oder sticker sein; du schriebst „{given}“.',
  'error.emoji.ground':
    'Das Bild hat keinen einfarbigen Grund, von dem es freigestellt werden könnte. Zeichne es „on white“ oder auf transparent.',
  'error.emoji.permission': 'Dafür braucht der Bot das Recht „Ausdrücke erstellen“. Ein Admin kann es geben: {link}',
  'error.emoji.full': 'Auf diesem Server sind alle Plätze dafür belegt. Entferne eines oder nimm das Bild als Datei.',
  'error.emoji.refused': 'Der Server nahm die Datei oder den Namen nicht. Wähle einen anderen Namen.',
  'error.emoji.later': 'Gerade kann nichts mehr hinzugefügt werden. Versuche es in einigen Minuten wieder.',
  'error.allowed.admin': 'Das können nur Admins dieses Servers. Frag einen von ihnen.',
  'error.allowed.requester': 'Das können nur {name}, von wem die Bitte kam, oder ein Moderator.',
  'error.allowed.blocked': 'Du kannst auf diesem Server keine Bilder anfordern. Seine Admins können das ändern.',
  'error.allowed.role': 'Bilder werden hier gezeichnet für: {roles}. Bitte einen Admin um eine dieser Rollen.',
  'error.allowed.style': 'Der Stil {style} ist für: {roles}. Wähle einen anderen oder frage einen Admin.',
  'error.allowed.avatar':
    'Auf diesem Server kann nur der eigene Avatar ein Anfang sein. Seine Admins können das in /settings ändern.',
  'error.allowed.channel': 'In diesem Kanal wird nicht gezeichnet. Versuch {channels}.',
  'error.safety.word':
    'Dieser Prompt hat ein Wort, das hier nicht gezeichnet wird: „{word}“. Ändere es und frag noch einmal.',
  'error.safety.nsfw': '„{word}“ wird nur in Kanälen für Erwachsene gezeichnet. Frag dort, oder ändere es.',
  'error.safety.nsfw-style':
    'Der Stil {style} gilt nur in Kanälen für Erwachsene. Frag dort, oder wähle einen anderen.',
  'error.quota.user': 'Du hast deine {of} Bilder von heute gezeichnet. Neue gibt es in {hours:Stunde|Stunden}.',
  'error.quota.user-few': 'Du hast heute noch {left} von {of} Bildern und wolltest {given}. Verlange weniger.',
  'error.quota.server':
    'Dieser Server hat seine {of} Bilder von heute gezeichnet. Neue gibt es in {hours:Stunde|Stunden}.',
  'error.queue.user-full': 'Du hast schon {limit} Bilder in der Reihe. Warte auf eines, oder brich eines ab.',
  'error.queue.too-long':
    'Die Wartezeit beträgt etwa {minutes:Minute|Minuten}, und hier erreicht dich eine Antwort nur 13 Minuten lang. Frage später, oder auf einem Server mit diesem Bot.',
  'error.queue.server-full': 'Dieser Server hat schon {limit} Bilder in der Reihe. Versuch es gleich noch einmal.',

  'error.job.unknown': 'Dieses Bild ist nicht mehr bekannt. Verlange es mit /imagine noch einmal.',
  'error.job.elsewhere': 'Dieses Bild gehört zu einem anderen Server. Verlange hier eines mit /imagine.',
  'error.job.unfinished': 'Dieses Bild wird noch gezeichnet. Versuch es, wenn es da ist.',
  'error.job.over': 'Das ist schon vorbei; es gibt nichts abzubrechen.',
  'error.job.model-changed':
    'Das Modell {model} hat sich geändert, seit dieses Bild gezeichnet wurde; es käme ein anderes. Mit Remix werden seine Worte neu gezeichnet.',
  'error.job.model-gone':
    'Das Modell {model} dieses Bildes gibt es hier nicht mehr. Drück Remix, um seine Worte neu zu zeichnen.',
  'error.job.style-gone':
    'Den Stil {style} dieses Bildes gibt es hier nicht mehr. Drück Remix und wähle einen anderen oder keinen.',
  'error.job.init-gone':
    'Das Bild, von dem dieses ausging, ist nicht mehr gespeichert. Frag mit /imagine und häng es noch einmal an.',
  'error.job.attempts':
    'Das Gerät ist {attempts} Mal an diesem Bild gescheitert. Versuch eine kleinere Größe, oder weniger Bilder.',
  'error.upscale.none': '{model} kann nicht vergrößern. Ein Betreiber kann das mit dem Modell hinzufügen.',
  'error.upscale.largest': 'Größer wird dieses Bild nicht.',
  'error.report.nowhere': 'Dieser Server hat keinen Kanal für Meldungen gewählt. Sag es einem seiner Admins.',
  'error.button.old': 'Diesen Knopf gibt es nicht mehr. Frag mit /imagine noch einmal.',
  'error.command.unknown': 'Es gibt keinen Befehl „{given}“. /help zeigt sie.',
  'error.command.unknown-near': 'Es gibt keinen Befehl „{given}“. Meintest du /{closest}?',
  'error.settings.number': '{field} kann {min} bis {max} sein; du schriebst „{given}“.',
  'error.settings.word': 'Ein gesperrtes Wort hat 2 bis 60 Zeichen; „{given}“ hat das nicht.',
  'error.settings.words': 'Ein Server kann {max} Worte sperren; das sind {given}.',
  'error.settings.channel':
    '„{given}“ ist kein Kanal dieses Servers, in dem dieser Bot schreiben kann. Wähle in /settings einen anderen.',
  'error.settings.role':
    'Eine Rolle oder Gruppe „{given}“ gibt es hier nicht. Wähle aus der Liste oder schreibe ihren Namen.',
  'error.settings.rules': 'Es kann {max} solche Regeln geben. Nimm zuerst eine weg.',
  'error.settings.model': 'Es gibt hier kein Modell „{given}“. Es gibt: {models}.',
  'error.store.away':
    'Der Speicher dieses Bots antwortet nicht, darum wird nichts gezeichnet. Versuch es in einer Minute noch einmal; bleibt es so, sag es dem Betreiber.',
  'error.store.full':
    'Die Platte dieses Bots ist voll, darum wurde nichts behalten. Sein Betreiber muss Platz schaffen; gezählt wurde nichts.',
  'error.upload.host': 'Dateien werden nur aus diesem Chat geholt; {name} liegt anderswo. Hänge sie hier an.',
  'error.upload.size': '{name} darf hier {max} MB haben und hat {given} MB. Hänge eine kleinere Datei an.',
  'error.upload.gone': 'Der Chat hat {name} nicht mehr. Hänge die Datei noch einmal an.',
  'error.upload.unreachable':
    'Der Chat hat {name} nicht geschickt. Hänge die Datei noch einmal an; bleibt es dabei, fehlt dieser App ein Recht.',
  'error.place.shut-out':
    'In diesem Kanal kann ich nicht schreiben. Lade mich mit /invite ein, oder frage in einem anderen Kanal oder in einer Nachricht an mich.',
  'error.place.unknown':
    'Diese App ist in deinem Workspace nicht installiert. Bitte einen Admin, sie hinzuzufügen.{at}',
  'error.place.locked':
    'Diese App kann ihren Zugang zu deinem Workspace nicht mehr lesen. Bitte einen Admin, sie neu zu installieren.{at}',
  'error.form.here': 'Dafür braucht es ein Formular, das eine Nachricht nicht öffnen kann. Tippe /{command}.',
  'error.form.late': 'Das Formular kam zu spät. Frage noch einmal; meist geht es schneller.',
  'error.stopping': 'Dieser Bot wird neu gestartet. Versuch es gleich noch einmal.',
  'error.fault': 'Das ging nicht, und es liegt nicht an dir. Nenne dem Betreiber diese Nummer: {id}.',
};
