// Sums and peaks over the threads of a group. `scratch` holds a float for each of `GROUP_LANES` threads, a power of two,
// and is free again when these return.

FN float group_sum(float value, LOCAL float *scratch) {
    scratch[LANE] = value;
    MEET();
    for (uint half_count = GROUP_LANES / 2; half_count > 0; half_count /= 2) {
        if (LANE < half_count) scratch[LANE] += scratch[LANE + half_count];
        MEET();
    }
    const float sum = scratch[0];
    MEET();
    return sum;
}

FN float group_peak(float value, LOCAL float *scratch) {
    scratch[LANE] = value;
    MEET();
    for (uint half_count = GROUP_LANES / 2; half_count > 0; half_count /= 2) {
        if (LANE < half_count) scratch[LANE] = fmax(scratch[LANE], scratch[LANE + half_count]);
        MEET();
    }
    const float peak = scratch[0];
    MEET();
    return peak;
}
