import Quittance
import QuittanceApple
import SwiftUI

@main struct QuittanceApp: App {
    @State private var model = AppModel(
        isTrial: Phone.isTrial, facts: { .ofThisPhone }, open: Phone.open, forget: Phone.forget)

    var body: some Scene {
        WindowGroup {
            RootView(model: model)
        }
    }
}
