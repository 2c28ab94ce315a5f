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
}
