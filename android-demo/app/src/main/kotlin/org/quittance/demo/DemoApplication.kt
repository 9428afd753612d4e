package org.quittance.demo

import android.app.Application

class DemoApplication : Application()
