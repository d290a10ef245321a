//! The codes of mistakes in lines, and, from `E101`, of what is odd about one. Rules and expressions have their own (`R…`, `X…`).

diagnostic::error_codes! {
    NotJson "E001" "A line isn't JSON."
    TooLong "E002" "A line is longer than is read."
    WrongType "E003" "A value of the wrong type, such as a text where a number must stand."
    Missing "E004" "A property that an alarm needs is missing."
    Refused "E005" "A value that CloudWatch would refuse."
    Unsupported "E006" "CloudWatch can evaluate it, and kmswatch can't."
    Lengths "E007" "Lists that belong together differ in length."
    State "E008" "No state of an alarm."
    Time "E009" "A time that can't be read."
    NotOneAlarm "E010" "A line holds no alarm, or several."
    Unknown "E011" "A name that no element of the list of metrics has."
    Misplaced "E012" "Datapoints stand where this kind of alarm has none."
    UnknownProperty "E101" "A property that alarms don't have."
    NoSamples "E102" "A percentile whose numbers of samples aren't known."
    UnknownChild "E103" "An alarm that the rule doesn't name."
}

impl ErrorCode {
    /// Whether a line with it is answered all the same.
    pub(crate) fn is_warning(self) -> bool {
        self >= ErrorCode::UnknownProperty
    }
}
