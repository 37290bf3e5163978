#include "base/plant.h"

bool plant_holds(unsigned planted, unsigned bug)
{
    return (planted & bug) != 0;
}
