/** Every architecture: the one list. */

export * from './alexnet.js'
export * from './densenet.js'
export * from './googlenet.js'
export * from './lenet.js'
export * from './mobilenet-v2.js'
export * from './resnet.js'
export * from './squeezenet.js'
export * from './vgg.js'
