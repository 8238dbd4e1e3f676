import { describe, expect, test } from 'vitest'
import { floatState, type Golden, readGolden } from './support/golden.js'
import { goldenModel, goldenNames } from './support/run-golden.js'
import { hasShared } from './support/shared.js'

const covered =
  `convnextv2_atto resnet20_cifar10 shufflenet_g1_w1 shufflenet_g3_w1 shufflenet_g8_w1 bninception nin_cifar10 zfnet
  allcnn_a allcnn_b allcnn_c overfeat_fast overfeat_accurate alexnet vgg11 vgg13 vgg16 vgg19 vgg11_bn vgg16_bn resnet18 resnet34 resnet50 resnet101
  inception_resnet_v2 mobilenetv4_conv_small mobilenetv4_conv_medium
  mixnet_s mixnet_m hrnet_w18_small darknet19 mobilenetv1_100 efficientnet_lite0 inception_v4
  resnext50_32x4d wide_resnet50_2 squeezenet1_0 squeezenet1_1 googlenet inception_v3 densenet121 mobilenet_v2
  mobilenet_v3_large mobilenet_v3_small mnasnet0_5 mnasnet1_0 shufflenet_v2_x0_5 shufflenet_v2_x1_0
  efficientnet_b0 efficientnet_b1 regnet_y_400mf regnet_x_800mf convnext_tiny convnext_small densenet169 darknet53 cspdarknet53 vovnet39a xception dpn68 efficientnet_v2_s ghostnet_100 res2net50_26w_4s
  srcnn fsrcnn_x2 espcn_x3 sub_pixel_sr_x3 vdsr edsr_x3 edsr_baseline_x2 pan_x2 pan_x3 dncnn ircnn dcnn_deconv odcnn_deconv
  unet hourglass_s4_f128 cpm lightweight_openpose flownet_s pix2pix_unet128 pix2pix_resnet9_bn patchgan70
  cyclegan_resnet9 fast_neural_style context_encoder
  learned_resizer learned_resizer_b hed deepcontour deepedge fgsegnet_v2 bsuv_net
  colorizer_eccv16 pilotnet siamese_one_shot pose_resnet50 segnet flownet_c unet_valid gated_inpainting_gray r3d_18 mc3_18 r2plus1d_18 tcn_plain inceptiontime char_cnn char_cnn_relu char_cnn_large_relu name_cnn har_cnn fcn_resnet50 deeplabv3_resnet50
  resnetblur50 resnet50d resnet10t resnetaa50d resnetv2_50 resnetv2_18d resnetv2_50x1_bit nf_resnet50 nfnet_l0 nfnet_f0 dm_nfnet_f0 seresnet50 senet154 seresnext26t_32x4d
  preresnet20_cifar10 wrn16_10_cifar10 resnetrs50 gcresnet50t eca_resnext26ts resnet33ts
 ecaresnet50t ecaresnetlight eca_nfnet_l0 skresnet18 skresnext50_32x4d
  aa_wide_resnet10_2 pconv_unet5 lrlc1_cifar10 lrlc2_cifar10 lrlc3_cifar10
  cbam_resnet50 bam_resnet50 bam_resnet18_cifar van_b0 repvgg_a0 mobileone_s0 mobileone_s4 replknet31b parnet_s parnet_s_relu rednet50 tcn inceptiontime_keras inceptiontime_keras_c3
  lraspp_mobilenet_v3_large deeplabv3_mobilenet_v3_large
  ssd300_vgg ssdlite320_mobilenet_v3_large retinanet_resnet50_fpn ultraface_rfb_320 yolov2_tiny_voc yolov2_voc yolov3_tiny yolov3 x3d_xs
  mobilenet_v2_3d shufflenet_3d shufflenet_3d_050 shufflenet_v2_3d squeezenet_3d
  ts_fcn ts_resnet cnn_trad_fpool3 cnn_one_fpool3 cnn_one_fstride4 cnn_one_fstride8 ds_cnn_s ds_cnn_m ds_cnn_l wavenet c3d c3d_padded mobilenet_3d
  pspnet_resnet50 bisenet_v1 deeplabv3plus_resnet50 mobilenetv2_110d regnety_040 ghostnetv2_100 convnext_atto
  semnasnet_075 ese_vovnet19b_slim_dw resnext29_32x4d_cifar10 densenet40_k12_cifar10 densenet40_k12_bc_cifar10
  retinanet_resnet50_fpn_v2
  tf_mobilenetv3_small_minimal_100 squeezeresnet_v1_1 eca_resnet18
  fcn8s_vgg16 aa_resnet50 xception41
  tf_efficientnetv2_b0
  inceptionresnetv1`.split(/\s+/)

/** What a reference stores without using it, or to count masks by. */
const unused: Readonly<Record<string, readonly string[]>> = {
  fgsegnet_v2: ['dec3.conv1d_block.conv1d.weight', 'dec3.conv1d_block.conv1d.bias'],
  pconv_unet5: ['enc', 'dec'].flatMap((part) => [1, 2, 3, 4, 5].map((i) => `${part}_${i}.conv.mask_conv.weight`)),
}

/** What a reference computes in vain: a causal convolution padded on both sides, masks whose channels are all the same. */
const wastedMacs: Readonly<Record<string, number>> = { tcn: 572_928, tcn_plain: 572_928, pconv_unet5: 2_261_794_816 }

const byPath = (state: Golden['state']): Golden['state'] => [...state].sort(([a], [b]) => (a < b ? -1 : 1))

describe.skipIf(!hasShared('golden/nets'))('the zoo has the parameters and the work of the reference', () => {
  test('for all networks that are known to have one', () => {
    expect(goldenNames()).toEqual(expect.arrayContaining(covered))
  })

  test.each(goldenNames())('%s', (name) => {
    const golden = readGolden(name)
    const net = goldenModel(golden)
    const ignored = unused[name] ?? []
    const ignoredCount = golden.state
      .filter(([path]) => ignored.includes(path))
      .reduce((count, [, shape]) => count + shape.reduce((a, b) => a * b, 1), 0)
    expect(net.parameterCount).toBe(golden.params - ignoredCount)
    if (golden.macs > 0) expect(net.macs).toBe(golden.macs - (wastedMacs[name] ?? 0))
    const parameters = net.parameters().map(({ path, shape }) => [path, shape] as const)
    const known = new Set(parameters.map(([path]) => path))
    const duplicates = (golden.aliases ?? []).flatMap((names) => {
      const used = names.find((alias) => known.has(alias))
      return names.filter((alias) => alias !== used)
    })
    const expected = floatState(golden).filter(([path]) => ![...duplicates, ...ignored].includes(path))
    expect(byPath(parameters)).toEqual(byPath(expected))
  })
})
