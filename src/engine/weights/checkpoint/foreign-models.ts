/**
 * Models and parts of models that this program does not draw with, by the names of their tensors, or by the class that a
 * folder says it is.
 */

/** What a file is when it is none of ours, as the end of "but it is …"; undefined when it may be ours. */
export function foreignModel(names: readonly string[]): string | undefined {
  return FOREIGN.find(({ sign }) => names.some((name) => sign.test(name)))?.name ?? partAlone(names);
}

/** One net of a model by itself: all tensors of a file are of one of these. */
function partAlone(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : PARTS.find(({ sign }) => names.every((name) => sign.test(name)))?.name;
}

const PARTS: readonly { readonly name: string; readonly sign: RegExp }[] = [
  { name: 'a VAE by itself, which --vae takes', sign: /^(?:encoder|decoder|quant_conv|post_quant_conv)\.(?!block\.)/ },
  {
    name: 'a text encoder by itself',
    sign: /^(?:text_model|text_projection|shared|encoder\.block|encoder\.final_layer_norm|logit_scale)(?:\.|$)/,
  },
  {
    name: 'a UNet by itself',
    sign: /^(?:conv_in|conv_out|conv_norm_out|time_embedding|add_embedding|(?:down|mid|up)_blocks?)\./,
  },
];

const FOREIGN: readonly { readonly name: string; readonly sign: RegExp }[] = [
  { name: 'Stable Diffusion 3', sign: /(?:^|\.)joint_blocks\.0\./ },
  { name: 'Chroma', sign: /(?:^|\.)distilled_guidance_layer\./ },
  { name: 'Flux', sign: /(?:^|\.)double_blocks\.0\.img_attn/ },
  { name: 'AuraFlow', sign: /(?:^|\.)double_layers\.0\.attn\.w1q/ },
  { name: 'PixArt', sign: /(?:^|\.)blocks\.0\.scale_shift_table$/ },
  { name: 'Hunyuan-DiT', sign: /(?:^|\.)mlp_t5\.0\./ },
  { name: 'Wan', sign: /(?:^|\.)blocks\.0\.cross_attn\.norm_k\./ },
  { name: 'Lumina 2', sign: /(?:^|\.)cap_embedder\.0\./ },
  { name: 'Qwen-Image', sign: /(?:^|\.)transformer_blocks\.0\.attn\.add_q_proj\.|(?:^|\.)txt_norm\.weight$/ },
  { name: 'HiDream', sign: /(?:^|\.)double_stream_blocks\.0\./ },
  { name: 'Z-Image', sign: /(?:^|\.)noise_refiner\.0\.attention\./ },
  { name: 'LTX-Video', sign: /(?:^|\.)transformer_blocks\.0\.scale_shift_table$/ },
  { name: 'Sana', sign: /(?:^|\.)mlp\.inverted_conv\./ },
  { name: 'Stable Video Diffusion', sign: /(?:^|\.)(?:time_stack|temporal_transformer_blocks)\./ },
  { name: 'GLIGEN', sign: /(?:^|\.)position_net\./ },
  { name: 'the SDXL refiner', sign: /^conditioner\.embedders\.0\.model\.transformer\.resblocks/ },
  { name: 'Playground 2.5, which is sampled by EDM', sign: /^edm_mean$/ },
  { name: 'CosXL, which is sampled by EDM', sign: /^edm_vpred\.sigma_max$/ },
  { name: 'Stable unCLIP', sign: /^embedder\.model\.visual\./ },
  { name: 'Stable Cascade', sign: /^(?:down_blocks\.1\.0\.channelwise|clip_txt_mapper)\./ },
  {
    name: 'a ControlNet',
    sign: /(?:^|\.)(?:control_model|controlnet_cond_embedding|input_hint_block|controlnet_mid_block)\./,
  },
  { name: 'a T2I-Adapter', sign: /^(?:adapter\.)?body\.0\.(?:resnets\.0\.)?block1\./ },
  { name: 'an IP-Adapter', sign: /^(?:image_proj|ip_adapter)\./ },
  { name: 'a motion module', sign: /motion_modules\.\d/ },
  { name: 'a hypernetwork', sign: /^(?:320|640|768|1024|1280)\.linear\.0\.|^(?:320|640|768|1024|1280)\.0\.linear\./ },
  { name: 'a LoRA', sign: /\.lora_(?:down|up|A|B)\./ },
  { name: 'a textual inversion', sign: /^(?:emb_params|clip_l|clip_g|string_to_param)$/ },
  { name: 'an upscaler', sign: /^(?:params_ema\.)?(?:body\.0\.rdb1|model\.1\.sub\.0\.RDB1|RRDB_trunk)\./ },
];

/** Of a `_class_name`; undefined for those that may be ours. */
export function foreignPipeline(className: string): string | undefined {
  return PIPELINES.find(([pattern]) => pattern.test(className))?.[1];
}

const PIPELINES: readonly (readonly [RegExp, string])[] = [
  [/^StableDiffusion3/, 'Stable Diffusion 3'],
  [/^Flux/, 'Flux'],
  [/^ControlNet|^MultiControlNet|^StableDiffusion(?:XL)?ControlNet/, 'a ControlNet'],
  [/^PixArt/, 'PixArt'],
  [/^AuraFlow/, 'AuraFlow'],
  [/^HunyuanDiT/, 'Hunyuan-DiT'],
  [/^HunyuanVideo/, 'Hunyuan Video'],
  [/^Kolors/, 'Kolors'],
  [/^Kandinsky/, 'Kandinsky'],
  [/^StableCascade|^Wuerstchen/, 'Stable Cascade'],
  [/^StableUnCLIP|^UnCLIP/, 'Stable unCLIP'],
  [/^StableVideoDiffusion/, 'Stable Video Diffusion'],
  [/^StableDiffusion(?:Latent)?Upscale/, 'an upscaler'],
  [/^StableDiffusionDepth2Img/, 'a depth model'],
  [/^StableDiffusion(?:XL)?InstructPix2Pix/, 'InstructPix2Pix'],
  [/^IF(?:[A-Z]|$)/, 'DeepFloyd IF'],
  [/^Sana/, 'Sana'],
  [/^QwenImage/, 'Qwen-Image'],
  [/^ZImage/, 'Z-Image'],
  [/^Wan/, 'Wan'],
  [/^LTX/, 'LTX'],
  [/^CogV/, 'CogView or CogVideoX'],
  [/^Lumina/, 'Lumina'],
  [/^Chroma/, 'Chroma'],
  [/^AnimateDiff/, 'AnimateDiff'],
  [/^AltDiffusion/, 'AltDiffusion'],
  [/^(?:AudioLDM|MusicLDM|StableAudio)/, 'a model of sound'],
  [/^(?:TextToVideo|VideoToVideo)/, 'a video model'],
  [/^UniDiffuser/, 'UniDiffuser'],
  [/^Marigold/, 'Marigold'],
  [/^StableDiffusionLDM3D/, 'LDM3D'],
  [/^StableDiffusionGLIGEN/, 'GLIGEN'],
  [/^(?:Onnx|OVStable|Flax)/, 'an export for another program'],
  [/^(?:DDPM|DDIM|LDM|PNDM|ScoreSde)Pipeline/, 'a model without text'],
  [/^T2IAdapter/, 'a T2I-Adapter'],
  [/^MotionAdapter/, 'a motion module'],
  [/^Autoencoder/, 'a VAE by itself, which --vae takes'],
  [/^UNet/, 'a UNet by itself'],
  [/^CLIPText/, 'a text encoder by itself'],
];
