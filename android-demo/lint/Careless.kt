package org.quittance.careless

import java.util.*
import kotlin.math.max

/** Written as nothing here should be: the lint has to refuse this file, or it looks at nothing. */
class careless {
  fun Shout( ) : Int  { return max(1,2) ; }
}
