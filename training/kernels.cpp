// Snake and causal depthwise convolution, forward and backward, for training the audio VAE on a CPU.
// PyTorch's own versions of these two are most of the cost of a step.  Layout [B, C, T], f32.
#include <algorithm>
#include <cmath>
#include <cstdint>

extern "C" {

// y = x + sin(a x)^2 / (a + 1e-9)
void snake_forward(const float *__restrict x, const float *alpha, float *__restrict y, int64_t B, int64_t C,
                   int64_t T) {
#pragma omp parallel for
  for (int64_t i = 0; i < B * C; i++) {
    const float a = alpha[i % C], half = 0.5f / (a + 1e-9f), twice = 2 * a;
    const float *p = x + i * T;
    float *q = y + i * T;
#pragma omp simd
    for (int64_t t = 0; t < T; t++) q[t] = p[t] + half * (1.f - cosf(twice * p[t]));
  }
}

void snake_backward(const float *__restrict x, const float *alpha, const float *__restrict grad,
                    float *__restrict dx, float *dalpha, int64_t B, int64_t C, int64_t T) {
#pragma omp parallel for
  for (int64_t c = 0; c < C; c++) {
    const float a = alpha[c], inv = 1.f / (a + 1e-9f), twice = 2 * a;
    double total = 0;
    for (int64_t b = 0; b < B; b++) {
      const float *p = x + (b * C + c) * T, *g = grad + (b * C + c) * T;
      float *d = dx + (b * C + c) * T;
      float s = 0;
#pragma omp simd reduction(+ : s)
      for (int64_t t = 0; t < T; t++) {
        const float z = twice * p[t], sn = cosf(z - 1.57079632679f), cs = cosf(z);
        d[t] = g[t] * (1.f + a * inv * sn);
        s += g[t] * (p[t] * sn * inv - 0.5f * (1.f - cs) * inv * inv);
      }
      total += s;
    }
    dalpha[c] = (float)total;
  }
}

// y[t] = bias + sum_k w[k] x[t - (K - 1 - k) dilation], zeros before the start
void depthwise_forward(const float *__restrict x, const float *w, const float *bias, float *__restrict y, int64_t B,
                       int64_t C, int64_t T, int64_t K, int64_t dilation) {
#pragma omp parallel for
  for (int64_t i = 0; i < B * C; i++) {
    const int64_t c = i % C, head = std::min(T, (K - 1) * dilation), d = dilation;
    const float *p = x + i * T, *v = w + c * K;
    float *q = y + i * T;
    const float b0 = bias ? bias[c] : 0.f;
    for (int64_t t = 0; t < head; t++) {
      float s = b0;
      for (int64_t k = 0; k < K; k++) {
        const int64_t u = t - (K - 1 - k) * d;
        if (u >= 0) s += v[k] * p[u];
      }
      q[t] = s;
    }
    if (K == 7) {
      const float v0 = v[0], v1 = v[1], v2 = v[2], v3 = v[3], v4 = v[4], v5 = v[5], v6 = v[6];
#pragma omp simd
      for (int64_t t = head; t < T; t++)
        q[t] = b0 + v0 * p[t - 6 * d] + v1 * p[t - 5 * d] + v2 * p[t - 4 * d] + v3 * p[t - 3 * d] +
               v4 * p[t - 2 * d] + v5 * p[t - d] + v6 * p[t];
    } else {
      for (int64_t t = head; t < T; t++) {
        float s = b0;
        for (int64_t k = 0; k < K; k++) s += v[k] * p[t - (K - 1 - k) * d];
        q[t] = s;
      }
    }
  }
}

void depthwise_backward(const float *__restrict x, const float *w, const float *__restrict grad,
                        float *__restrict dx, float *dw, float *dbias, int64_t B, int64_t C, int64_t T, int64_t K,
                        int64_t dilation) {
#pragma omp parallel for
  for (int64_t c = 0; c < C; c++) {
    const float *v = w + c * K;
    const int64_t d = dilation;
    double total_w[64] = {0}, total_b = 0;
    for (int64_t b = 0; b < B; b++) {
      const float *p = x + (b * C + c) * T, *g = grad + (b * C + c) * T;
      float *o = dx + (b * C + c) * T;
      const int64_t body = std::max<int64_t>(0, T - (K - 1) * d);
      if (K == 7) {
        const float v0 = v[0], v1 = v[1], v2 = v[2], v3 = v[3], v4 = v[4], v5 = v[5], v6 = v[6];
#pragma omp simd
        for (int64_t t = 0; t < body; t++)
          o[t] = v6 * g[t] + v5 * g[t + d] + v4 * g[t + 2 * d] + v3 * g[t + 3 * d] + v2 * g[t + 4 * d] +
                 v1 * g[t + 5 * d] + v0 * g[t + 6 * d];
      } else {
        for (int64_t t = 0; t < body; t++) {
          float s = 0;
          for (int64_t k = 0; k < K; k++) s += v[k] * g[t + (K - 1 - k) * d];
          o[t] = s;
        }
      }
      for (int64_t t = body; t < T; t++) {
        float s = 0;
        for (int64_t k = 0; k < K; k++) {
          const int64_t u = t + (K - 1 - k) * d;
          if (u < T) s += v[k] * g[u];
        }
        o[t] = s;
      }
      float sb = 0;
#pragma omp simd reduction(+ : sb)
      for (int64_t t = 0; t < T; t++) sb += g[t];
      total_b += sb;
      for (int64_t k = 0; k < K; k++) {
        const int64_t lag = (K - 1 - k) * d;
        float s = 0;
#pragma omp simd reduction(+ : s)
        for (int64_t t = lag; t < T; t++) s += g[t] * p[t - lag];
        total_w[k] += s;
      }
    }
    for (int64_t k = 0; k < K; k++) dw[c * K + k] = (float)total_w[k];
    if (dbias) dbias[c] = (float)total_b;
  }
}

// The rest is for the language model under autocast: x in f32 or bf16 (half), y in bf16.
static inline float widen(uint16_t v) {
  union { uint32_t i; float f; } u = {(uint32_t)v << 16};
  return u.f;
}

static inline uint16_t narrow(float v) {
  union { float f; uint32_t i; } u = {v};
  return (uint16_t)((u.i + 0x7fff + ((u.i >> 16) & 1)) >> 16);
}

static inline const float *row_of(const void *x, bool half, int64_t r, int64_t W, float *room) {
  if (!half) return (const float *)x + r * W;
  const uint16_t *p = (const uint16_t *)x + r * W;
  for (int64_t i = 0; i < W; i++) room[i] = widen(p[i]);
  return room;
}

constexpr int64_t WIDEST = 4096;

// y = x inv weight, inv = 1 / sqrt(mean(x^2) + eps)
void rms_forward(const void *x, int64_t half, const float *weight, uint16_t *y, float *inv, int64_t R, int64_t W, float eps) {
#pragma omp parallel for
  for (int64_t r = 0; r < R; r++) {
    float room[WIDEST];
    const float *p = row_of(x, half, r, W, room);
    float s = 0;
#pragma omp simd reduction(+ : s)
    for (int64_t i = 0; i < W; i++) s += p[i] * p[i];
    const float n = inv[r] = 1.f / sqrtf(s / W + eps);
    uint16_t *q = y + r * W;
#pragma omp simd
    for (int64_t i = 0; i < W; i++) q[i] = narrow(p[i] * n * weight[i]);
  }
}

// One thread: the weight's gradient is summed over rows.
void rms_backward(const void *x, int64_t half, const float *weight, const float *inv, const uint16_t *grad, void *dx,
                  float *dweight, int64_t R, int64_t W) {
  float room[WIDEST], gw[WIDEST];
  for (int64_t i = 0; i < W; i++) dweight[i] = 0;
  for (int64_t r = 0; r < R; r++) {
    const float *p = row_of(x, half, r, W, room);
    const uint16_t *g = grad + r * W;
    const float n = inv[r];
    float s = 0;
#pragma omp simd reduction(+ : s)
    for (int64_t i = 0; i < W; i++) {
      const float a = widen(g[i]);
      gw[i] = a * weight[i];
      s += gw[i] * p[i];
      dweight[i] += a * p[i] * n;
    }
    const float back = s * n * n * n / W;
    if (half) {
      uint16_t *d = (uint16_t *)dx + r * W;
#pragma omp simd
      for (int64_t i = 0; i < W; i++) d[i] = narrow(gw[i] * n - p[i] * back);
    } else {
      float *d = (float *)dx + r * W;
#pragma omp simd
      for (int64_t i = 0; i < W; i++) d[i] = gw[i] * n - p[i] * back;
    }
  }
}

// [B, T, H, D] to rotated [B, H, T, D]; sign -1 and back = 1: the gradient the other way
void rope(const uint16_t *x, const float *cosine, const float *sine, uint16_t *y, int64_t B, int64_t T, int64_t H, int64_t D,
          float sign, int64_t back) {
  const int64_t h2 = D / 2;
#pragma omp parallel for
  for (int64_t b = 0; b < B; b++)
    for (int64_t h = 0; h < H; h++)
      for (int64_t t = 0; t < T; t++) {
        const int64_t flat = ((b * T + t) * H + h) * D, headed = ((b * H + h) * T + t) * D;
        const uint16_t *__restrict p = x + (back ? headed : flat);
        uint16_t *__restrict q = y + (back ? flat : headed);
        const float *c = cosine + t * D, *s = sine + t * D;
#pragma omp simd
        for (int64_t i = 0; i < h2; i++) {
          const float u = widen(p[i]), v = widen(p[i + h2]), si = sign * s[i];
          q[i] = narrow(u * c[i] - v * si);
          q[i + h2] = narrow(v * c[i] + u * si);
        }
      }
}

// y = silu(a) b
void gated_forward(const uint16_t *__restrict a, const uint16_t *__restrict b, uint16_t *__restrict y, int64_t n) {
#pragma omp parallel for simd
  for (int64_t i = 0; i < n; i++) {
    const float v = widen(a[i]);
    y[i] = narrow(v / (1.f + expf(-v)) * widen(b[i]));
  }
}

void gated_backward(const uint16_t *__restrict a, const uint16_t *__restrict b, const uint16_t *__restrict grad,
                    uint16_t *__restrict da, uint16_t *__restrict db, int64_t n) {
#pragma omp parallel for simd
  for (int64_t i = 0; i < n; i++) {
    const float v = widen(a[i]), s = 1.f / (1.f + expf(-v)), g = widen(grad[i]);
    db[i] = narrow(g * v * s);
    da[i] = narrow(g * widen(b[i]) * s * (1.f + v * (1.f - s)));
  }
}
}
