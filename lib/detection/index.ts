/** What detectors need around a network: anchors, boxes and the suppression of what is found twice. */

export * from './anchors.js'
export * from './box-coding.js'
export {
  type Boxes,
  type BoxFormat,
  boxIou,
  clipBoxes,
  convertBoxes,
} from './boxes.js'
export * from './decode.js'
export * from './nms.js'
export * from './presets.js'
export { type Detection, type SelectOptions, selectDetections } from './select.js'
