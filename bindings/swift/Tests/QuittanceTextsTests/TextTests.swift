import QuittanceTexts
import Testing

/// What each argument says in these tests: its own name, but a count its number.
private func spoken(_ number: String) -> (TextSlot) -> String {
    { slot in
        if case .count = slot { number } else { slot.name }
    }
}

@Test func everyTextIsWrittenInEveryLanguage() throws {
    for language in Texts.languages {
        for key in ["action.stop", "cancel.confirm.body", "app.exposure.body"] {
            let text = try #require(Texts.text(key, language: language, argument: spoken("2")))
            #expect(!text.isEmpty && !text.contains("%"), "\(language) \(key): \(text)")
        }
    }
    #expect(Texts.text("action.stop", language: "en") == "Stop")
    #expect(Texts.text("action.stop", language: "zh-Hans") == "解除")
}

@Test func theNumberChoosesTheForm() {
    let days = { Texts.text("app.wait.days", language: "en", argument: spoken($0)) }
    #expect(days("1") == "1 day")
    #expect(days("2") == "2 days")
    #expect(Texts.text("app.wait.days", language: "zh-Hans", argument: spoken("1")) == "1 天")
    let taken = { Texts.text("app.taken.in_total", language: "en", argument: spoken($0)) }
    #expect(taken("1") == "amount in 1 charge")
    #expect(taken("3") == "amount in 3 charges")
}

@Test func anArgumentIsNeverReadAsAFormat() {
    let text = Texts.text("app.event.charged", language: "en") { slot in
        slot == .words("service") ? "%2$@ %lld 100 %" : "CNY 5.00"
    }
    #expect(text == "%2$@ %lld 100 % charged CNY 5.00.")
}

@Test func theArgumentsStandInTheSequenceOfTheFormat() {
    let limits: [TextSlot] = [.amount("per_charge"), .amount("per_period")]
    #expect(Texts.slots(of: "consequence.limits") == limits)
    #expect(Texts.slots(of: "action.stop") == [])
}

@Test func aTextOfANewerWalletIsNotMadeUp() {
    #expect(Texts.text("of.tomorrow", language: "en") == nil)
    #expect(Texts.slots(of: "of.tomorrow") == nil)
}
