#if canImport(LocalAuthentication)
import LocalAuthentication
import Quittance

extension PhoneFacts {
    /// What iOS says of this phone now: `Wallet.security` decides which of it is worth a look.
    public static var ofThisPhone: PhoneFacts {
        PhoneFacts(
            screenLock: ScreenLock.isSet,
            biometrics: LAContext().canEvaluatePolicy(.deviceOwnerAuthenticationWithBiometrics, error: nil))
    }
}
#endif
