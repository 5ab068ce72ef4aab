/** Training's public face: pictures and a base model in, a LoRA file out. Knows no chat. */
export { openBaseModel, preparedToLearn, TO_LEARN } from './base-model.ts';
export { openLatentShards } from './latent-shards.ts';
export { styleRecipe, type StyleRecipe } from './style-recipe.ts';
export type { TextLearning } from './text-learning.ts';
export { trainStyle, type StyleTrainingOptions } from './style-training.ts';
export type { TrainingEvent } from './training-run.ts';
export type { TrainingTurn } from './training-runner.ts';
export { checkLatents, checkTrainingSize, trainingStartup } from './training-size.ts';
export { freeMemory } from './free-memory.ts';
export { distill } from './distillation.ts';
export { distillationRecipe, type DistillationRecipe } from './distillation-recipe.ts';
export { planForDevice } from './device-rate.ts';
export { buildStepGraph } from './step-graph.ts';
export { Trainer } from './trainer.ts';
