/** The public face of the queue. */
export { FairAdmission, type FairAdmissionOptions } from './admission.ts';
