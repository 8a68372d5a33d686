/* news - tells those who wait for any change that there is one.
 *
 * Who changes what operators look at (a unit, an event) says so here, after
 * the change.  A role that holds requests of watchers has put itself down on
 * the board and is rung once; it puts itself down again when it has looked.
 * So changes that come in a flood ring it no more often than it looks, and
 * where nobody watches nobody is rung.
 */
#ifndef HOLDFAST_ROLES_NEWS_H
#define HOLDFAST_ROLES_NEWS_H

#include "roles/heritage.h"

void news_tell(const struct heritage *heritage);

#endif
