/* harness CASES.BIN: runs every network of cases.h (written by c_export_cases) on its inputs and
 * compares each output byte. Prints what it did; exit status 1 at the first difference. With a
 * second argument, every network must say instead that its compiler broke the arithmetic. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test_case {
  int (*invoke)(const int8_t* input, int8_t* output);
  int32_t input_bytes, output_bytes;
};
#include "cases.h"

#define CASES ((int)(sizeof cases / sizeof cases[0]))
enum { GUARD_BYTES = 64, GUARD = 0x5a };

static int8_t* allocate(int32_t bytes) {
  int8_t* memory = malloc((size_t)bytes);
  if (!memory) exit(3);
  return memory;
}

static int run_case(FILE* data, int index, int wanted) {
  const struct test_case* c = &cases[index];
  int8_t* input = allocate(c->input_bytes);
  int8_t* expected = allocate(c->output_bytes);
  int8_t* output = allocate(c->output_bytes + GUARD_BYTES);
  int sample, i, failed = 0;
  for (sample = 0; sample < INPUTS_PER_CASE && !failed; ++sample) {
    int status;
    if (fread(input, 1, (size_t)c->input_bytes, data) != (size_t)c->input_bytes ||
        fread(expected, 1, (size_t)c->output_bytes, data) != (size_t)c->output_bytes) {
      printf("cases.bin is too short\n");
      return 1;
    }
    memset(output, GUARD, (size_t)c->output_bytes + GUARD_BYTES);
    status = c->invoke(input, output);
    if (status != wanted) {
      printf("case %d: edgefront_invoke returned %d, expected %d\n", index, status, wanted);
      failed = 1;
    }
    for (i = 0; i < c->output_bytes + GUARD_BYTES && !failed && !wanted; ++i) {
      const int want = i < c->output_bytes ? expected[i] : GUARD;
      if (output[i] == want) continue;
      printf("case %d, input %d: output %d is %d, expected %d\n", index, sample, i, output[i],
             want);
      failed = 1;
    }
  }
  failed |= c->invoke(0, output) != 1 || c->invoke(input, 0) != 1;
  free(input);
  free(expected);
  free(output);
  return failed;
}

int main(int argc, char** argv) {
  FILE* data = argc > 1 ? fopen(argv[1], "rb") : 0;
  int i;
  if (!data) {
    printf("usage: harness CASES.BIN [broken]\n");
    return 2;
  }
  for (i = 0; i < CASES; ++i) {
    if (run_case(data, i, argc > 2 ? 2 : 0)) {
      printf("FAILED: case %d\n", i);
      return 1;
    }
  }
  fclose(data);
  printf("%d networks, %d inputs each: %s\n", CASES, INPUTS_PER_CASE,
         argc > 2 ? "the broken arithmetic is noticed" : "every byte is equal");
  return 0;
}
