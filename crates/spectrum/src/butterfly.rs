use std::f64::consts::FRAC_1_SQRT_2;

use pulp::Simd;

/// A complex number in each lane.
#[derive(Clone, Copy)]
pub(crate) struct Complex<V> {
    pub(crate) re: V,
    pub(crate) im: V,
}

/// `z * (re + i im)`.
#[inline(always)]
pub(crate) fn turned<S: Simd>(simd: S, z: Complex<S::f32s>, [re, im]: [f32; 2]) -> Complex<S::f32s> {
    let (re, im) = (simd.splat_f32s(re), simd.splat_f32s(im));
    Complex {
        re: simd.negate_mul_add_e_f32s(z.im, im, simd.mul_f32s(z.re, re)),
        im: simd.mul_add_e_f32s(z.re, im, simd.mul_f32s(z.im, re)),
    }
}

#[inline(always)]
fn sum<S: Simd>(simd: S, a: Complex<S::f32s>, b: Complex<S::f32s>) -> Complex<S::f32s> {
    Complex { re: simd.add_f32s(a.re, b.re), im: simd.add_f32s(a.im, b.im) }
}

#[inline(always)]
fn difference<S: Simd>(simd: S, a: Complex<S::f32s>, b: Complex<S::f32s>) -> Complex<S::f32s> {
    Complex { re: simd.sub_f32s(a.re, b.re), im: simd.sub_f32s(a.im, b.im) }
}

/// The discrete Fourier transform of R points.
pub(crate) trait Butterfly<const R: usize> {
    fn apply<S: Simd>(simd: S, points: [Complex<S::f32s>; R]) -> [Complex<S::f32s>; R];
}

pub(crate) struct Radix4;
pub(crate) struct Radix8;

impl Butterfly<4> for Radix4 {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, points: [Complex<S::f32s>; 4]) -> [Complex<S::f32s>; 4] {
        four(simd, points)
    }
}

impl Butterfly<8> for Radix8 {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, points: [Complex<S::f32s>; 8]) -> [Complex<S::f32s>; 8] {
        eight(simd, points)
    }
}

#[inline(always)]
fn four<S: Simd>(simd: S, [a, b, c, d]: [Complex<S::f32s>; 4]) -> [Complex<S::f32s>; 4] {
    let (ac, a_c) = (sum(simd, a, c), difference(simd, a, c));
    let (bd, b_d) = (sum(simd, b, d), difference(simd, b, d));
    [
        sum(simd, ac, bd),
        Complex { re: simd.add_f32s(a_c.re, b_d.im), im: simd.sub_f32s(a_c.im, b_d.re) },
        difference(simd, ac, bd),
        Complex { re: simd.sub_f32s(a_c.re, b_d.im), im: simd.add_f32s(a_c.im, b_d.re) },
    ]
}

#[inline(always)]
fn eight<S: Simd>(simd: S, z: [Complex<S::f32s>; 8]) -> [Complex<S::f32s>; 8] {
    let [e0, e1, e2, e3] = four(simd, [z[0], z[2], z[4], z[6]]);
    let [o0, o1, o2, o3] = four(simd, [z[1], z[3], z[5], z[7]]);
    let root = simd.splat_f32s(FRAC_1_SQRT_2 as f32);
    // o1 (1 - i) and o3 (-1 - i), still to be multiplied by sqrt(1/2).
    let o1 = Complex { re: simd.add_f32s(o1.re, o1.im), im: simd.sub_f32s(o1.im, o1.re) };
    let o3 = Complex { re: simd.sub_f32s(o3.im, o3.re), im: simd.add_f32s(o3.im, o3.re) };
    [
        sum(simd, e0, o0),
        Complex { re: simd.mul_add_e_f32s(o1.re, root, e1.re), im: simd.mul_add_e_f32s(o1.im, root, e1.im) },
        Complex { re: simd.add_f32s(e2.re, o2.im), im: simd.sub_f32s(e2.im, o2.re) },
        Complex {
            re: simd.mul_add_e_f32s(o3.re, root, e3.re),
            im: simd.negate_mul_add_e_f32s(o3.im, root, e3.im),
        },
        difference(simd, e0, o0),
        Complex {
            re: simd.negate_mul_add_e_f32s(o1.re, root, e1.re),
            im: simd.negate_mul_add_e_f32s(o1.im, root, e1.im),
        },
        Complex { re: simd.sub_f32s(e2.re, o2.im), im: simd.add_f32s(e2.im, o2.re) },
        Complex {
            re: simd.negate_mul_add_e_f32s(o3.re, root, e3.re),
            im: simd.mul_add_e_f32s(o3.im, root, e3.im),
        },
    ]
}
