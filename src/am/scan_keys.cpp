#include "am/scan_keys.hpp"

#include "pg/boundary.hpp"
#include "pg/server_folder.hpp"

namespace namedex::am {

using core::Condition;
using core::LikePattern;
using core::Operator;

namespace {

// So many patterns are searched for and tried one by one.
constexpr std::size_t kFewPatterns = 16;

// `value = argument` for any of some arguments, by the operator's own function.
class OperatorTest final : public core::ValueTest {
  public:
    OperatorTest(const ScanKeyData& key, Oid type) : type_(type), collation_(key.sk_collation) {
        function_ = key.sk_func;
    }

    void AddArgument(Datum argument) { arguments_.push_back(argument); }

    bool Accepts(std::string_view word) const override {
        const Datum value = ScalarFromText(type_, word);
        for (const Datum argument : arguments_) {
            const bool accepts = pg::Call([&] {
                return DatumGetBool(FunctionCall2Coll(&function_, collation_, value, argument));
            });
            if (accepts) {
                return true;
            }
        }
        return false;
    }

  private:
    Oid type_;
    Oid collation_;
    mutable FmgrInfo function_;
    std::vector<Datum> arguments_;
};

Operator OperatorOf(KeyKind kind, StrategyNumber strategy) {
    switch (strategy) {
        case kLikeStrategy:
            return Operator::kLike;
        case kILikeStrategy:
            return Operator::kILike;
        case kEqualStrategy:
            return kind == KeyKind::kBpchar ? Operator::kEqualIgnoringTrailingSpaces
                                            : Operator::kEqual;
        case kPrefixStrategy:
            return Operator::kPrefix;
        default:
            core::Throw(core::ErrorCode::kInternal,
                        "unknown strategy number " + std::to_string(strategy));
    }
}

bool IsDateTime(Oid type) {
    return type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID;
}

// A foreign operator class may lead here, with an argument whose bytes would be misread.
void CheckRightType(const IndexKeys& keys, const ScanKeyData& key, std::uint32_t column) {
    const Oid right = OidIsValid(key.sk_subtype) ? key.sk_subtype : keys.type(column);
    if (CanSearchBy(keys.type(column), key.sk_strategy, right)) {
        return;
    }
    std::string left_name = pg::Call([&] { return format_type_be(keys.type(column)); });
    std::string right_name = pg::Call([&] { return format_type_be(right); });
    core::ThrowUnsupported("access method \"namedex\" does not support strategy number " +
                               std::to_string(key.sk_strategy) + " for types " + left_name +
                               " and " + right_name,
                           {}, "Use an index with one of the operator classes of the extension.");
}

}  // namespace

bool CanSearchBy(Oid left, StrategyNumber strategy, Oid right) {
    const bool pattern = strategy == kLikeStrategy || strategy == kILikeStrategy;
    switch (left) {
        case TEXTOID:
        case VARCHAROID:
            return right == TEXTOID && strategy >= kLikeStrategy && strategy <= kPrefixStrategy;
        case BPCHAROID:
            return (pattern && right == TEXTOID) ||
                   (strategy == kEqualStrategy && right == BPCHAROID);
        case NAMEOID:
            return (pattern && right == TEXTOID) ||
                   (strategy == kEqualStrategy && (right == NAMEOID || right == TEXTOID));
        case INT2OID:
        case INT4OID:
        case INT8OID:
            return strategy == kEqualStrategy &&
                   (right == INT2OID || right == INT4OID || right == INT8OID);
        case DATEOID:
        case TIMESTAMPOID:
        case TIMESTAMPTZOID:
            return strategy == kEqualStrategy && IsDateTime(right);
        case UUIDOID:
            return strategy == kEqualStrategy && right == UUIDOID;
        default:
            return false;
    }
}

ScanConditions::ScanConditions(const IndexKeys& keys, const ScanKeyData* scan_keys, int count) {
    for (int i = 0; i < count && !nothing_; ++i) {
        Add(keys, scan_keys[i]);
    }
    for (const Condition& condition : conditions_) {
        recheck_ = recheck_ || condition.NeedsRecheck();
    }
}

void ScanConditions::AddPatterns(const IndexKeys& keys, const ScanKeyData& key,
                                 const std::vector<Datum>& arguments, Condition& condition) {
    const KeyKind kind = keys.kind(condition.column);
    const Oid type = OidIsValid(key.sk_subtype) ? key.sk_subtype : keys.type(condition.column);
    const core::Folder& folder = keys.folder(condition.column);
    const Operator op = OperatorOf(kind, key.sk_strategy);
    const bool as_set = arguments.size() > kFewPatterns;
    condition.set = core::PatternSet(op);
    std::string scalar;
    std::string folded;
    std::uint32_t n = 0;
    for (const Datum argument : arguments) {
        if (++n % 1024 == 0) {
            pg::PollInterrupts();
        }
        std::string_view text;
        switch (kind) {
            case KeyKind::kInteger:
            case KeyKind::kDateTime:
            case KeyKind::kUuid:
                scalar.clear();
                AppendScalarText(type, argument, scalar);
                text = scalar;
                break;
            case KeyKind::kName:
                text = TextOf(key.sk_strategy == kEqualStrategy && key.sk_subtype != TEXTOID
                                  ? KeyKind::kName
                                  : KeyKind::kText,
                              argument);
                break;
            default:
                text = TextOf(kind, argument);
                break;
        }
        if (op == Operator::kILike) {
            folder.FoldFast(text, folded);
            text = folded;
        }
        if (!as_set || !condition.set.Add(text, folder.encoding)) {
            condition.patterns.push_back(LikePattern::Compile(op, text, folder.encoding));
        }
    }
    condition.set.Finish();
}

void ScanConditions::Add(const IndexKeys& keys, const ScanKeyData& key) {
    Condition condition;
    condition.column = static_cast<std::uint32_t>(key.sk_attno - 1);
    if ((key.sk_flags & (SK_SEARCHNULL | SK_SEARCHNOTNULL)) != 0) {
        condition.kind = (key.sk_flags & SK_SEARCHNULL) != 0 ? Condition::Kind::kIsNull
                                                             : Condition::Kind::kIsNotNull;
        conditions_.push_back(std::move(condition));
        return;
    }
    CheckRightType(keys, key, condition.column);
    if ((key.sk_flags & SK_ISNULL) != 0) {
        nothing_ = true;
        return;
    }

    std::vector<Datum> arguments;
    if ((key.sk_flags & SK_SEARCHARRAY) != 0) {
        struct Elements {
            Datum* values;
            bool* nulls;
            int count;
        };
        const Elements elements = pg::Call([&] {
            ArrayType* array = DatumGetArrayTypeP(key.sk_argument);
            int16 length;
            bool by_value;
            char align;
            get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
            Elements e;
            deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align, &e.values,
                              &e.nulls, &e.count);
            return e;
        });
        for (int i = 0; i < elements.count; ++i) {
            if (!elements.nulls[i]) {
                arguments.push_back(elements.values[i]);
            }
        }
        if (arguments.empty()) {
            nothing_ = true;
            return;
        }
    } else {
        arguments.push_back(key.sk_argument);
    }

    const Oid type = keys.type(condition.column);
    if (IsDateTime(type) && OidIsValid(key.sk_subtype) && key.sk_subtype != type) {
        auto test = std::make_unique<OperatorTest>(key, type);
        for (const Datum argument : arguments) {
            test->AddArgument(argument);
        }
        condition.kind = Condition::Kind::kValueTest;
        condition.test = test.get();
        tests_.push_back(std::move(test));
    } else {
        AddPatterns(keys, key, arguments, condition);
    }
    conditions_.push_back(std::move(condition));
}

}  // namespace namedex::am
