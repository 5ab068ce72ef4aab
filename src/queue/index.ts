/** The public face of the queue. */
export { FairAdmission, type FairAdmissionOptions } from './admission.ts';
export { FairOrder, FAIR_POLICY, type FairPolicy } from './fair-order.ts';
