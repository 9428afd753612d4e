package org.quittance.demo

import android.app.Application

/** The process of the app. */
open class DemoApplication : Application() {
    /** What the app runs on; one for the whole process, because a wallet's folder is open once at a time. */
    val phone: Phone by lazy { newPhone() }

    /** The way to the camera. */
    val pictures by lazy { Pictures(this) }

    protected open fun newPhone(): Phone = AndroidPhone(this, pictures)
}
