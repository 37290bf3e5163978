/* paging/explain_shapes.h - what explain and whatif answer; only described. */
#ifndef PAGING_EXPLAIN_SHAPES_H
#define PAGING_EXPLAIN_SHAPES_H

#include "api/shapes.h"

extern const struct record EXPLANATION_SHAPE, WHATIF_SHAPE;

#endif
