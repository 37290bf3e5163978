/* base/plant.h - mistakes that a test puts into the program, to see itself find them.
 *
 * They are compiled in only by a build with tests (TOCSIN_PLANTS): in another one PLANTED is false wherever it
 * stands, and what it guards is gone. tools/rules sees to it that a mistake is asked for in no other way, and
 * that a released program knows nothing of them. */
#ifndef BASE_PLANT_H
#define BASE_PLANT_H

#include "base/check.h"

/* Out of line, so that a program with mistakes in it has this name; one without tests has not. `planted`: those
 * that are put in. */
NODISCARD bool plant_holds(unsigned planted, unsigned bug);

#ifdef TOCSIN_PLANTS
#define PLANTED(planted, bug) plant_holds((planted), (unsigned)(bug))
#else
#define PLANTED(planted, bug) false
#endif

#endif
