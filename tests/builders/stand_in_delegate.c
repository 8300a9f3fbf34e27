/* A stand-in for libedgetpu: an external delegate that takes the nodes which the Edge TPU compiler
 * made, and answers after a set time. It is no Edge TPU and knows nothing of one: its answers are a
 * checksum of what came in. With it the real load_delegate runs the real compiled files.
 *
 *   cc -shared -fPIC -O1 -DINVOKE_US=2000 -DFAIL_AT=FAIL_NOWHERE stand_in_delegate.c -o NAME.so
 *
 * The structures are those of TensorFlow Lite's C interface (tensorflow/lite/core/c/common.h);
 * what is not needed here is left as room.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FAIL_NOWHERE 0
#define FAIL_SILENTLY 1 /* NULL without a word: what libedgetpu does when there is no device */
#define FAIL_CREATE 2   /* NULL with a word */
#define FAIL_DELEGATE 3 /* the delegate's own preparation */
#define FAIL_INIT 4     /* the kernel's start */
#define FAIL_PREPARE 5
#define FAIL_INVOKE 6
#define FAIL_LATER 7 /* the invocations after some: a device that was pulled out */
#define FAIL_CRASH 8 /* what a runtime and a library that do not fit each other do */

#ifndef FAIL_AT
#define FAIL_AT FAIL_NOWHERE
#endif
#ifndef INVOKE_US
#define INVOKE_US 0
#endif
#ifndef FIRST_US
#define FIRST_US INVOKE_US
#endif

typedef struct { int size; int data[]; } IntArray;

typedef struct {
  int type;
  void *data;
  IntArray *dims;
  char params[8];
  int allocation_type;
  size_t bytes;
  char rest[64];
} Tensor;

typedef struct {
  IntArray *inputs, *outputs, *intermediates, *temporaries;
  void *user_data, *builtin_data;
  const void *custom_initial_data;
  int custom_initial_data_size;
  void *delegate;
  int might_have_side_effect;
} Node;

typedef struct Context Context;

typedef struct {
  void *(*init)(Context *, const char *, size_t);
  void (*free)(Context *, void *);
  int (*prepare)(Context *, Node *);
  int (*invoke)(Context *, Node *);
  const char *(*profiling_string)(const Context *, const Node *);
  int32_t builtin_code;
  const char *custom_name;
  int version;
  void *registration_external, *async_kernel;
  uint64_t inplace_operator;
} Registration;

typedef struct Delegate Delegate;

struct Context {
  size_t tensors_size;
  int (*GetExecutionPlan)(Context *, IntArray **);
  Tensor *tensors;
  void *impl;
  int (*ResizeTensor)(Context *, Tensor *, IntArray *);
  void (*ReportError)(Context *, const char *, ...);
  int (*AddTensors)(Context *, int, int *);
  int (*GetNodeAndRegistration)(Context *, int, Node **, Registration **);
  int (*ReplaceNodeSubsets)(Context *, Registration, const IntArray *, Delegate *);
  char rest[128];
};

struct Delegate {
  void *data;
  int (*Prepare)(Context *, Delegate *);
  void *copy_from, *copy_to, *free_handle;
  int64_t flags;
  void *opaque;
};

_Static_assert(sizeof(Tensor) == 112, "TfLiteTensor");
_Static_assert(sizeof(Node) == 80, "TfLiteNode");
_Static_assert(sizeof(Registration) == 88, "TfLiteRegistration");
_Static_assert(sizeof(Context) == 200, "TfLiteContext");
_Static_assert(sizeof(Delegate) == 56, "TfLiteDelegate");

static int invocations;

static void *kernel_init(Context *context, const char *buffer, size_t length) {
  return FAIL_AT == FAIL_INIT ? NULL : malloc(1);
}

static void kernel_free(Context *context, void *data) { free(data); }

static int kernel_prepare(Context *context, Node *node) {
  return FAIL_AT == FAIL_PREPARE || node->user_data == NULL;
}

static void wait_us(long us) {
  struct timespec left = {us / 1000000, us % 1000000 * 1000};
  while (us && nanosleep(&left, &left)) {
  }
}

static int kernel_invoke(Context *context, Node *node) {
  uint32_t sum = 2166136261u;
  if (FAIL_AT == FAIL_INVOKE) return 1;
  if (FAIL_AT == FAIL_LATER && invocations > 8) return 1;
  if (FAIL_AT == FAIL_CRASH) abort();
  for (int i = 0; i < node->inputs->size; i++) {
    const Tensor *tensor = &context->tensors[node->inputs->data[i]];
    for (size_t at = 0; at < tensor->bytes; at++)
      sum = (sum ^ ((const uint8_t *)tensor->data)[at]) * 16777619u;
  }
  for (int i = 0; i < node->outputs->size; i++) {
    const Tensor *tensor = &context->tensors[node->outputs->data[i]];
    memset(tensor->data, 0, tensor->bytes);
    if (tensor->bytes) ((uint8_t *)tensor->data)[sum % tensor->bytes] = 127;
  }
  wait_us(invocations++ ? INVOKE_US : FIRST_US);
  return 0;
}

static int prepare(Context *context, Delegate *delegate) {
  static const Registration kernel = {
      .init = kernel_init,
      .free = kernel_free,
      .prepare = kernel_prepare,
      .invoke = kernel_invoke,
      .custom_name = "EdgeTpuDelegateForCustomOp",
      .version = 1,
  };
  IntArray *plan, *own;
  if (FAIL_AT == FAIL_DELEGATE) return 2;
  if (context->GetExecutionPlan(context, &plan)) return 1;
  size_t bytes = sizeof(IntArray) + (size_t)plan->size * sizeof(int);
  own = malloc(bytes); /* the plan is borrowed, and changes below */
  memcpy(own, plan, bytes);
  int status = 0;
  for (int i = 0; i < own->size && !status; i++) {
    Node *node;
    Registration *registration;
    if (context->GetNodeAndRegistration(context, own->data[i], &node, &registration)) continue;
    if (!registration->custom_name || strcmp(registration->custom_name, "edgetpu-custom-op"))
      continue;
    IntArray *one = malloc(sizeof(IntArray) + sizeof(int));
    one->size = 1;
    one->data[0] = own->data[i];
    status = context->ReplaceNodeSubsets(context, kernel, one, delegate);
    free(one);
  }
  free(own);
  return status;
}

Delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count,
                                        void (*report_error)(const char *)) {
  for (size_t i = 0; i < count; i++)
    if (!strcmp(keys[i], "device") && strcmp(values[i], "usb") && strcmp(values[i], "usb:0"))
      return NULL; /* there is one device */
  if (FAIL_AT == FAIL_CREATE && report_error) report_error("the stand-in refuses its device");
  if (FAIL_AT == FAIL_CREATE || FAIL_AT == FAIL_SILENTLY) return NULL;
  Delegate *delegate = calloc(1, sizeof(Delegate));
  delegate->Prepare = prepare;
  delegate->flags = 1; /* tensors of any size */
  return delegate;
}

void tflite_plugin_destroy_delegate(Delegate *delegate) { free(delegate); }
