import { invalidOption } from '../errors.js'
import { type AnySym, applyModule, type ChildNames, type Sym } from '../graph/trace.js'

type Fn<A, B> = (x: A) => B

/** One overload per length keeps the type parameters of generic layers; longer or spread lists lose the literal shape. */
interface Sequential {
  <A, B>(a: Fn<A, B>): Fn<A, B>
  <A, B, C>(a: Fn<A, B>, b: Fn<B, C>): Fn<A, C>
  <A, B, C, D>(a: Fn<A, B>, b: Fn<B, C>, c: Fn<C, D>): Fn<A, D>
  <A, B, C, D, E>(a: Fn<A, B>, b: Fn<B, C>, c: Fn<C, D>, d: Fn<D, E>): Fn<A, E>
  <A, B, C, D, E, F>(a: Fn<A, B>, b: Fn<B, C>, c: Fn<C, D>, d: Fn<D, E>, e: Fn<E, F>): Fn<A, F>
  <A, B, C, D, E, F, G>(a: Fn<A, B>, b: Fn<B, C>, c: Fn<C, D>, d: Fn<D, E>, e: Fn<E, F>, f: Fn<F, G>): Fn<A, G>
  <A, B, C, D, E, F, G, H>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
  ): Fn<A, H>
  <A, B, C, D, E, F, G, H, I>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
    h: Fn<H, I>,
  ): Fn<A, I>
  <A, B, C, D, E, F, G, H, I, J>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
    h: Fn<H, I>,
    i: Fn<I, J>,
  ): Fn<A, J>
  <A, B, C, D, E, F, G, H, I, J, K>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
    h: Fn<H, I>,
    i: Fn<I, J>,
    j: Fn<J, K>,
  ): Fn<A, K>
  <A, B, C, D, E, F, G, H, I, J, K, L>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
    h: Fn<H, I>,
    i: Fn<I, J>,
    j: Fn<J, K>,
    k: Fn<K, L>,
  ): Fn<A, L>
  <A, B, C, D, E, F, G, H, I, J, K, L, M>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
    h: Fn<H, I>,
    i: Fn<I, J>,
    j: Fn<J, K>,
    k: Fn<K, L>,
    l: Fn<L, M>,
  ): Fn<A, M>
  <A, B, C, D, E, F, G, H, I, J, K, L, M, N>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
    h: Fn<H, I>,
    i: Fn<I, J>,
    j: Fn<J, K>,
    k: Fn<K, L>,
    l: Fn<L, M>,
    m: Fn<M, N>,
  ): Fn<A, N>
  <A, B, C, D, E, F, G, H, I, J, K, L, M, N, O>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
    h: Fn<H, I>,
    i: Fn<I, J>,
    j: Fn<J, K>,
    k: Fn<K, L>,
    l: Fn<L, M>,
    m: Fn<M, N>,
    n: Fn<N, O>,
  ): Fn<A, O>
  <A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
    h: Fn<H, I>,
    i: Fn<I, J>,
    j: Fn<J, K>,
    k: Fn<K, L>,
    l: Fn<L, M>,
    m: Fn<M, N>,
    n: Fn<N, O>,
    o: Fn<O, P>,
  ): Fn<A, P>
  <A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
    h: Fn<H, I>,
    i: Fn<I, J>,
    j: Fn<J, K>,
    k: Fn<K, L>,
    l: Fn<L, M>,
    m: Fn<M, N>,
    n: Fn<N, O>,
    o: Fn<O, P>,
    p: Fn<P, Q>,
  ): Fn<A, Q>
  <A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
    h: Fn<H, I>,
    i: Fn<I, J>,
    j: Fn<J, K>,
    k: Fn<K, L>,
    l: Fn<L, M>,
    m: Fn<M, N>,
    n: Fn<N, O>,
    o: Fn<O, P>,
    p: Fn<P, Q>,
    q: Fn<Q, R>,
  ): Fn<A, R>
  <A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
    h: Fn<H, I>,
    i: Fn<I, J>,
    j: Fn<J, K>,
    k: Fn<K, L>,
    l: Fn<L, M>,
    m: Fn<M, N>,
    n: Fn<N, O>,
    o: Fn<O, P>,
    p: Fn<P, Q>,
    q: Fn<Q, R>,
    r: Fn<R, S>,
  ): Fn<A, S>
  <A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
    h: Fn<H, I>,
    i: Fn<I, J>,
    j: Fn<J, K>,
    k: Fn<K, L>,
    l: Fn<L, M>,
    m: Fn<M, N>,
    n: Fn<N, O>,
    o: Fn<O, P>,
    p: Fn<P, Q>,
    q: Fn<Q, R>,
    r: Fn<R, S>,
    s: Fn<S, T>,
  ): Fn<A, T>
  <A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
    h: Fn<H, I>,
    i: Fn<I, J>,
    j: Fn<J, K>,
    k: Fn<K, L>,
    l: Fn<L, M>,
    m: Fn<M, N>,
    n: Fn<N, O>,
    o: Fn<O, P>,
    p: Fn<P, Q>,
    q: Fn<Q, R>,
    r: Fn<R, S>,
    s: Fn<S, T>,
    t: Fn<T, U>,
  ): Fn<A, U>
  <A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
    h: Fn<H, I>,
    i: Fn<I, J>,
    j: Fn<J, K>,
    k: Fn<K, L>,
    l: Fn<L, M>,
    m: Fn<M, N>,
    n: Fn<N, O>,
    o: Fn<O, P>,
    p: Fn<P, Q>,
    q: Fn<Q, R>,
    r: Fn<R, S>,
    s: Fn<S, T>,
    t: Fn<T, U>,
    u: Fn<U, V>,
  ): Fn<A, V>
  <A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
    h: Fn<H, I>,
    i: Fn<I, J>,
    j: Fn<J, K>,
    k: Fn<K, L>,
    l: Fn<L, M>,
    m: Fn<M, N>,
    n: Fn<N, O>,
    o: Fn<O, P>,
    p: Fn<P, Q>,
    q: Fn<Q, R>,
    r: Fn<R, S>,
    s: Fn<S, T>,
    t: Fn<T, U>,
    u: Fn<U, V>,
    v: Fn<V, W>,
  ): Fn<A, W>
  <A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
    h: Fn<H, I>,
    i: Fn<I, J>,
    j: Fn<J, K>,
    k: Fn<K, L>,
    l: Fn<L, M>,
    m: Fn<M, N>,
    n: Fn<N, O>,
    o: Fn<O, P>,
    p: Fn<P, Q>,
    q: Fn<Q, R>,
    r: Fn<R, S>,
    s: Fn<S, T>,
    t: Fn<T, U>,
    u: Fn<U, V>,
    v: Fn<V, W>,
    w: Fn<W, X>,
  ): Fn<A, X>
  <A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X, Y>(
    a: Fn<A, B>,
    b: Fn<B, C>,
    c: Fn<C, D>,
    d: Fn<D, E>,
    e: Fn<E, F>,
    f: Fn<F, G>,
    g: Fn<G, H>,
    h: Fn<H, I>,
    i: Fn<I, J>,
    j: Fn<J, K>,
    k: Fn<K, L>,
    l: Fn<L, M>,
    m: Fn<M, N>,
    n: Fn<N, O>,
    o: Fn<O, P>,
    p: Fn<P, Q>,
    q: Fn<Q, R>,
    r: Fn<R, S>,
    s: Fn<S, T>,
    t: Fn<T, U>,
    u: Fn<U, V>,
    v: Fn<V, W>,
    w: Fn<W, X>,
    x: Fn<X, Y>,
  ): Fn<A, Y>
  (...layers: readonly Fn<AnySym, AnySym>[]): <X>(x: Sym<X>) => AnySym
}

/**
 * Layers one after the other; its children are called `0`, `1`, ... counting every element, as in PyTorch.
 *
 * Throws OptionError when an element is no function. Up to 24 elements keep literal shapes, nest for more.
 *
 * ```ts
 * import { conv2d, dense, flatten, maxPool2d, relu, sequential } from 'im2col'
 *
 * const net = sequential(conv2d(6, { kernel: 5 }), relu, maxPool2d({ kernel: 2 }), flatten, dense(10))
 * ```
 */
export const sequential = ((...layers: readonly Fn<unknown, unknown>[]) => {
  const names = new Map<object, string>()
  layers.forEach((layer, index) => {
    if (typeof layer !== 'function') throw invalidOption(`element ${index} of sequential`, 'a layer', layer)
    if (!names.has(layer)) names.set(layer, String(index))
  })
  const children: ChildNames = names
  const apply = (x: unknown): unknown =>
    applyModule('sequential', apply, children, [x], (step) =>
      layers.reduce((value, layer, index) => {
        step(String(index))
        return layer(value)
      }, x),
    )
  return apply
}) as Sequential
