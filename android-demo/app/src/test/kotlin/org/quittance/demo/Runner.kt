package org.quittance.demo

import org.junit.runners.model.FrameworkMethod
import org.robolectric.RobolectricTestRunner
import org.robolectric.internal.bytecode.InstrumentationConfiguration

/**
 * Robolectric, with JNA left as it is: its native half is loaded once for the whole machine.
 *
 * The core calls back into the classes that were loaded last, so every test that opens a wallet has to run in the same sandbox:
 * the same Android, the same mode of graphics.
 */
class Runner(test: Class<*>) : RobolectricTestRunner(test) {
    override fun createClassLoaderConfig(method: FrameworkMethod): InstrumentationConfiguration =
        InstrumentationConfiguration.Builder(super.createClassLoaderConfig(method))
            .doNotAcquirePackage("com.sun.jna")
            .build()
}
