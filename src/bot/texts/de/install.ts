/** German: the pages that a browser sees while a workspace takes the app in. */
import type { install as english } from '../en/install.ts';
import type { Translation } from '../translation.ts';

export const install: Translation<typeof english> = {
  'install.done': 'Fourstep ist da. Geh zurück in deinen Chat und tippe /imagine ein Fuchs auf Blau.',
  'install.state':
    'Diese Installation wurde anderswo oder vor zu langer Zeit begonnen. Öffne noch einmal den Link, der die App installiert.',
  'install.failed': 'Die App wurde nicht installiert. Öffne noch einmal den Link, der sie installiert.',
};
