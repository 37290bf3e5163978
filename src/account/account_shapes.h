/* account/account_shapes.h - what is answered of accounts and sessions, and what is asked: only described. */
#ifndef ACCOUNT_ACCOUNT_SHAPES_H
#define ACCOUNT_ACCOUNT_SHAPES_H

#include "api/shapes.h"

extern const struct record ME_SHAPE, ACCOUNT_SHAPE, ACCOUNT_LINK_SHAPE, SESSION_SHAPE;

#endif
