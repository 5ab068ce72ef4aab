/** Training's public face: pictures and a base model in, a LoRA file out. Knows no chat. */
export { openBaseModel, type BaseModel } from './base-model.ts';
export { checkPictures } from './picture-check.ts';
export { styleRecipe, type StyleRecipe } from './style-recipe.ts';
export { trainStyle, type TrainingEvent } from './style-training.ts';
export { distill } from './distillation.ts';
export { distillationRecipe } from './distillation-recipe.ts';
export { neededBytes } from './memory-bound.ts';
export { buildStepGraph } from './step-graph.ts';
export { Trainer } from './trainer.ts';
