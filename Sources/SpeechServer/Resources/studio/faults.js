// Turns failures into one helpful sentence each.
import { Fault } from './api.js';
import { has, phrase } from './i18n.js';

/** Whether a later try may succeed without any change. */
export const mayTryAgain = (fault) =>
  fault instanceof Fault && ['queue_full', 'rate_limit_exceeded', 'model_loading', 'queue_timeout'].includes(fault.code);

/** The sentence for a failure; null for what the person asked for. */
export function sentence(fault) {
  if (fault.name === 'AbortError') return null;
  if (fault instanceof Fault) {
    // What is wrong with a recording has the codes of the advice about it.
    const key = [`fault.${fault.code}`, `advice.${fault.code}`].find(has);
    if (key) return phrase(key, { seconds: fault.retryAfter || 5, detail: fault.message });
    if (fault.status === 401) return phrase('fault.invalid_api_key');
    if (fault.status === 404) return phrase('fault.not_found');
    if (fault.status === 429) return phrase('fault.rate_limit_exceeded', { seconds: fault.retryAfter || 5 });
    if (fault.status >= 500) return phrase('fault.server_trouble', { detail: fault.message });
    return phrase('fault.refused', { detail: fault.message });
  }
  const known = { NotAllowedError: 'microphone_denied', NotFoundError: 'microphone_missing', NotReadableError: 'microphone_busy' };
  return phrase(`fault.${known[fault.name] ?? 'unexpected'}`, { detail: fault.message });
}
