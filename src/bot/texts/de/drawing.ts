/** Deutsch: was Zeichnen, Gewichtsdateien und Zustellungen ablehnen. */
import type { drawing as english } from '../en/drawing.ts';
import type { Translation } from '../translation.ts';

export const drawing: Translation<typeof english> = {
  'error.chat.refused': 'Der Chat hat diese Antwort nicht angenommen. Warum, findet der Betreiber im Protokoll.',
  'error.chat.forbidden':
    'Der Bot darf hier nicht schreiben. Er braucht in diesem Kanal: Kanal ansehen, Nachrichten senden, Dateien anhängen.',
  'error.job.expired': 'Die Antwort kam, als niemandem mehr geantwortet werden konnte. Bitte noch einmal fragen.',
  'error.upload.too-large': 'Eine Datei dieser Größe wird hier nicht angenommen. Bitte eine kleinere verlangen.',
  'error.lora.base':
    'Ein Stil muss für {expected} gemacht sein, die Basis dieses Modells; „{file}“ ist für {found}. Ein anderes Modell oder eine andere Datei nehmen.',
  'error.model.scheduler-setting':
    'Die Einstellungen des Modells für {scheduler} sagen {setting}, was nicht befolgt werden kann. Nimm einen anderen Scheduler, etwa ddim.',
  'error.embedding.base':
    'Ein gelerntes Wort (Textual Inversion) muss Vektoren aus {expected} Zahlen für dieses Modell haben; „{file}“ hat {found}. Es ist für eine andere Basis gemacht.',
  'error.embedding.lengths':
    'Ein gelerntes Wort muss für jeden Text-Encoder gleich viele Vektoren haben; „{file}“ hat {found}. Nimm eine andere Ausgabe der Datei.',
  'error.lora.embedding':
    'Ein Stil muss eine LoRA-Datei sein; „{file}“ ist ein gelerntes Wort (Textual Inversion). Füge es für sich hinzu: /style add.',
  'error.prompt.weights':
    'Die Gewichte hinter :: müssen zusammen mehr als 0 ergeben; sie ergeben {sum}. Gib dem, was du sehen willst, mehr Gewicht.',
  'error.lora.empty':
    'Ein Stil muss eine LoRA-Datei sein; „{file}“ enthält keine LoRA-Matrizen. Ist es ein ganzer Checkpoint?',
  'error.lora.modules':
    'Eine LoRA kann {most} Schichten ändern; „{file}“ ändert {modules}, mehr als irgendein Modell hat. Die Datei ist nicht, was sie scheint.',
  'error.lora.kind':
    'Ein Stil muss eine LoRA sein, die zu Gewichten hinzukommt; „{file}“ ist {kind} und kann nicht angewandt werden. Den Autor um eine LoRA-Fassung bitten.',
  'error.lora.shape':
    'In einer LoRA muss „{tensor}“ {expected} sein; in „{file}“ ist es [{shape}]. Die Datei ist beschädigt oder keine LoRA.',
  'error.lora.unmatched':
    'Ein Stil muss Teile des Modells benennen; keines der {modules:Module|Module} in „{file}“ gehört zu einem {base}-Modell. Eine passende LoRA nehmen.',
  'error.model.nan':
    'Die Antwort des Modells enthielt keine Zahlen: seine Dateien oder ein Stil sind beschädigt. Ohne den Stil versuchen oder dem Betreiber sagen.',
  'error.accelerator.unknown':
    'Dieses Modell hat keinen Beschleuniger „{given}“ mehr. Es hat: {ids}. Das Bild bitte neu verlangen.',
  'error.request.steps-recipe':
    '{recipe} geht mit {allowed} Schritten; verlangt waren {given}. Die Schritte weglassen oder diese verlangen.',
  'error.request.weight': 'Gewichte gehen von -{limit} bis {limit}; {style} hat {given}. Üblich sind 0,5 bis 1.',
  'error.request.variation': 'Eine Variation kann 0 bis 1 sein; verlangt war {given}. 0 ist das Bild selbst.',
  'error.request.strength':
    'Die Stärke geht von über 0 bis 1; verlangt war {given}. 0,6 behält etwa die Hälfte des Bildes.',
  'error.device.eight-bits':
    'Das Bild soll mit 8 Bit gezeichnet werden, und der Rechner, der es bekam, hat keine Befehle dafür. Frag, wer den Bot betreibt.',
  'error.device.memory':
    'Das Bild passt nicht in den Speicher von {device}. Eine kleinere Größe oder ein anderes Modell nehmen.',
  'error.device.lost':
    'Das zeichnende Gerät ging mehrmals verloren. Bitte später noch einmal; das Protokoll des Betreibers sagt, warum.',
  'error.runner.crashed':
    'Das Gerät ist {attempts:Mal|Mal} beim Zeichnen ausgefallen. Andere Größe oder andere Worte versuchen oder dem Betreiber sagen.',
  'error.upscale.size':
    'Ein Bild von {width} × {height} ist zu groß, um {scale}-mal so breit zu werden. Ein kleineres nehmen.',
  'error.weights.format': 'Gewichte müssen eine .safetensors-Datei sein; „{file}“ ist {format}.',
  'error.weights.truncated':
    '„{file}“ endet mitten in „{tensor}“. Sie wurde nicht ganz kopiert; bitte noch einmal kopieren.',
  'error.weights.dtype':
    'Gewichte müssen fp32, fp16 oder bf16 sein; „{tensor}“ in „{file}“ ist {dtype}. Eine gewöhnliche Fassung der Datei nehmen.',
  'notice.alpha.ground': 'Das Bild hat keinen einfarbigen Grund, der durchsichtig werden könnte.',
  'notice.prompt.near': '{model} kennt „{word}“ nicht und hat „{drawn}“ gezeichnet.',
  'notice.prompt.unknown': '{model} kennt „{word}“ nicht und kann es nicht zeichnen.',
  'notice.prompt.lora': 'Es gibt hier keinen Stil „{name}“, er blieb weg.',
  'notice.prompt.embedding': 'Es gibt hier kein gelerntes Wort „{name}“, es blieb weg.',
  'notice.embedding.bundled':
    '„{file}“ wirkte ohne das, was es zu {words} gelernt hat: Das ist für ein anderes Modell gemacht.',
  'notice.prompt.form':
    '„{form}“ ist eine Form anderer Programme, die hier nicht befolgt wird; es wurde als Wörter gelesen.',
  'notice.prompt.cut': 'Das Ende passte nicht in das, was das Modell liest, und blieb weg: „{cut}“.',
  'notice.recipe.guidance': '{recipe} geht mit Guidance {least} bis {most}; statt {given} wurde {used} genommen.',
  'notice.lora.partial':
    'Ohne Wirkung in diesem Modell: {unmatched:Teil|Teile} von „{file}“, mit Wirkung {matched} von {modules}.',
};
