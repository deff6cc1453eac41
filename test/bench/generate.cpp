// Writes the patients of the measurements as COPY text:
//
//     generate FIRST_NAMES SURNAMES ROWS reference|dirty [SEED] > patients.tsv
//     id  mrn  first_name  last_name  full_name  birth_date
//
// The reference population is drawn as test/data/README.md says: first and middle name weighted by
// births, capitalised; 60 % have a middle name; surname of rank r (from 1) with weight
// 1/(r+6)^0.95; 3 % of surnames are two joined by '-'; birth dates uniform over 1925-2024.
// The dirty population is the same rows with these changes, each drawn for itself:
//     15 % ALL CAPS or else 5 % lower case;
//     10 % with diacritics (one letter of each name; half of these rows NFC, half NFD);
//     10 % one of, evenly: full name as 'Last, First'; a title; a suffix; O' before the surname;
//          double spaces in the full name;
//      2 % a one-letter typo (replaced, dropped, doubled or two swapped) in first or last name.
// first_name and last_name show the same change as full_name where it concerns them.
//
// `mrn` is 'MRN' and eight digits: a permutation of 0 .. 10^8-1 applied to the id, so all are
// distinct and none follows from its neighbour. The output depends on the arguments only: the
// generator and all distributions are this file's own.

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

// splitmix64: one multiplication-xorshift step per number, full period.
class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed) {}

    uint64_t Next() {
        uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    // Uniform in [0, bound), bound below 2^32.
    uint32_t Below(uint32_t bound) {
        return static_cast<uint32_t>(((Next() >> 32) * static_cast<uint64_t>(bound)) >> 32);
    }
    bool Percent(uint32_t percent) { return Below(100) < percent; }

  private:
    uint64_t state_;
};

// Walker's alias method: one number and one comparison per draw, whatever the weights.
class WeightedIndex {
  public:
    explicit WeightedIndex(const std::vector<double>& weights)
        : threshold_(weights.size()), alias_(weights.size()) {
        const size_t n = weights.size();
        double sum = 0;
        for (double weight : weights) sum += weight;
        std::vector<double> scaled(n);
        std::vector<uint32_t> small, large;
        for (size_t i = 0; i < n; ++i) {
            scaled[i] = weights[i] * static_cast<double>(n) / sum;
            (scaled[i] < 1 ? small : large).push_back(static_cast<uint32_t>(i));
        }
        while (!small.empty() && !large.empty()) {
            const uint32_t poor = small.back(), rich = large.back();
            small.pop_back();
            threshold_[poor] = static_cast<uint32_t>(scaled[poor] * 4294967295.0);
            alias_[poor] = rich;
            scaled[rich] -= 1 - scaled[poor];
            if (scaled[rich] < 1) {
                large.pop_back();
                small.push_back(rich);
            }
        }
        for (const auto* rest : {&small, &large}) {
            for (uint32_t i : *rest) {
                threshold_[i] = UINT32_MAX;
                alias_[i] = i;
            }
        }
    }

    uint32_t Draw(Random& random) const {
        const uint32_t i = random.Below(static_cast<uint32_t>(threshold_.size()));
        return static_cast<uint32_t>(random.Next() >> 32) <= threshold_[i] ? i : alias_[i];
    }

  private:
    std::vector<uint32_t> threshold_;
    std::vector<uint32_t> alias_;
};

class Names {
  public:
    Names(const char* first_names, const char* surnames) {
        std::string line;
        std::vector<double> weights;
        for (std::ifstream in = Open(first_names); std::getline(in, line);) {
            const size_t tab = line.find('\t');
            if (tab == 0 || tab == std::string::npos)
                throw std::runtime_error("no births: " + line);
            weights.push_back(std::stod(line.substr(tab + 1)));
            line.resize(tab);
            if (line[0] >= 'a' && line[0] <= 'z') line[0] = static_cast<char>(line[0] - 'a' + 'A');
            first_.push_back(line);
        }
        first_index_ = WeightedIndex(weights);
        weights.clear();
        for (std::ifstream in = Open(surnames); std::getline(in, line);) {
            last_.push_back(line);
            weights.push_back(1 / std::pow(static_cast<double>(last_.size()) + 6, 0.95));
        }
        last_index_ = WeightedIndex(weights);
    }

    const std::string& First(Random& random) const { return first_[first_index_.Draw(random)]; }
    const std::string& Last(Random& random) const { return last_[last_index_.Draw(random)]; }

  private:
    static std::ifstream Open(const char* path) {
        std::ifstream in(path);
        if (!in) throw std::runtime_error(std::string("cannot read ") + path);
        return in;
    }

    std::vector<std::string> first_, last_;
    WeightedIndex first_index_{{1.0}}, last_index_{{1.0}};
};

// A Feistel network over 28 bits, walked until it falls below 10^8: a permutation of that range.
uint32_t PermutedNumber(uint64_t id, uint64_t seed) {
    constexpr uint32_t kRange = 100000000, kHalfBits = 14, kHalfMask = (1u << kHalfBits) - 1;
    uint32_t value = static_cast<uint32_t>(id % kRange);
    do {
        uint32_t left = value >> kHalfBits, right = value & kHalfMask;
        for (uint32_t round = 0; round < 4; ++round) {
            const uint32_t mixed =
                static_cast<uint32_t>(Random(seed * 31 + round * 0x10001u + right).Next()) &
                kHalfMask;
            const uint32_t next = left ^ mixed;
            left = right;
            right = next;
        }
        value = left << kHalfBits | right;
    } while (value >= kRange);
    return value;
}

struct CivilDate {
    int year, month, day;
};

// Days since 1970-01-01 to a date of the Gregorian calendar, by 400-year eras from March.
CivilDate DateFromDays(int days) {
    days += 719468;
    const int era = days / 146097, day_of_era = days - era * 146097;
    const int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int shifted_month = (5 * day_of_year + 2) / 153;
    const int month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    return {year_of_era + era * 400 + (month <= 2), month,
            day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

constexpr int kDays19250101 = -16436;  // 1925-01-01
constexpr int kBirthDayCount = 36525;  // through 2024-12-31

struct Patient {
    std::string first, last, full;
};

// ---- the dirty population ---------------------------------------------------------------------

char Upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
char Lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

struct Accent {
    char letter;
    const char* composed;
    const char* mark;  // the combining character of the decomposed form
};

// Letters with the mark that European names carry most often on them.
constexpr Accent kAccents[] = {
    {'a', "á", "\u0301"}, {'c', "ç", "\u0327"}, {'e', "é", "\u0301"}, {'i', "í", "\u0301"},
    {'n', "ñ", "\u0303"}, {'o', "ö", "\u0308"}, {'s', "š", "\u030c"}, {'u', "ü", "\u0308"},
    {'z', "ž", "\u030c"}, {'A', "Á", "\u0301"}, {'C', "Ç", "\u0327"}, {'E', "É", "\u0301"},
    {'I', "Í", "\u0301"}, {'N', "Ñ", "\u0303"}, {'O', "Ö", "\u0308"}, {'S', "Š", "\u030c"},
    {'U', "Ü", "\u0308"}, {'Z', "Ž", "\u030c"},
};

const Accent* AccentOf(char letter) {
    for (const Accent& accent : kAccents) {
        if (accent.letter == letter) return &accent;
    }
    return nullptr;
}

// Puts the mark on one letter, drawn among those that have one.
void AddDiacritic(std::string& name, bool decomposed, Random& random) {
    std::vector<size_t> candidates;
    for (size_t i = 0; i < name.size(); ++i) {
        if (AccentOf(name[i]) != nullptr) candidates.push_back(i);
    }
    if (candidates.empty()) return;
    const size_t at = candidates[random.Below(static_cast<uint32_t>(candidates.size()))];
    const Accent* accent = AccentOf(name[at]);
    if (decomposed) {
        name.insert(at + 1, accent->mark);
    } else {
        name.replace(at, 1, accent->composed);
    }
}

void AddTypo(std::string& name, Random& random) {
    if (name.size() < 2) return;
    const uint32_t at = random.Below(static_cast<uint32_t>(name.size() - 1));
    switch (random.Below(4)) {
        case 0:
            name[at] = static_cast<char>('a' + random.Below(26));
            break;
        case 1:
            name.erase(at, 1);
            break;
        case 2:
            name.insert(at, 1, name[at]);
            break;
        default:
            std::swap(name[at], name[at + 1]);
            break;
    }
}

void MapCase(std::string& name, char (*map)(char)) {
    for (char& c : name) c = map(c);
}

Patient DirtyPatient(Patient patient, const std::string& middle, Random& random) {
    constexpr const char* kTitles[] = {"Dr.", "Mr.", "Mrs.", "Ms.", "Prof."};
    constexpr const char* kSuffixes[] = {"Jr.", "Sr.", "II", "III", "MD"};
    enum { kLastFirst, kTitle, kSuffix, kApostrophe, kDoubleSpaces, kOddityCount };

    const bool has_oddity = random.Percent(10);
    const uint32_t oddity = has_oddity ? random.Below(kOddityCount) : uint32_t{kOddityCount};
    std::string middle_name = middle;

    if (random.Percent(2)) AddTypo(random.Percent(50) ? patient.first : patient.last, random);
    if (oddity == kApostrophe) patient.last = "O'" + patient.last;
    if (oddity == kSuffix) patient.last += std::string(" ") + kSuffixes[random.Below(5)];
    const uint32_t case_draw = random.Below(100);
    char (*map)(char) = case_draw < 15 ? Upper : case_draw < 20 ? Lower : nullptr;
    if (map != nullptr) {
        for (std::string* name : {&patient.first, &middle_name, &patient.last}) MapCase(*name, map);
    }
    if (random.Percent(10)) {
        const bool decomposed = random.Percent(50);
        for (std::string* name : {&patient.first, &middle_name, &patient.last}) {
            AddDiacritic(*name, decomposed, random);
        }
    }

    const char* space = oddity == kDoubleSpaces ? "  " : " ";
    std::string given = patient.first;
    if (!middle_name.empty()) given += space + middle_name;
    if (oddity == kLastFirst) {
        patient.full = patient.last + ", " + given;
    } else {
        patient.full = given + space + patient.last;
        if (oddity == kTitle) {
            std::string title = kTitles[random.Below(5)];
            if (map != nullptr) MapCase(title, map);
            patient.full = title + " " + patient.full;
        }
    }
    return patient;
}

// ---- output -----------------------------------------------------------------------------------

void AppendNumber(std::string& out, uint64_t value, int width = 0) {
    char digits[24];
    const int length = std::snprintf(digits, sizeof digits, "%0*llu", width,
                                     static_cast<unsigned long long>(value));
    out.append(digits, static_cast<size_t>(length));
}

void WriteOut(std::string& out) {
    if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) {
        throw std::runtime_error("cannot write");
    }
    out.clear();
}

void Generate(const Names& names, uint64_t row_count, bool dirty, uint64_t seed) {
    constexpr size_t kBufferBytes = 1 << 20;
    // Apart, so that the dirty rows are the reference rows, changed.
    Random random(seed), dirt(seed + 1);
    std::vector<std::string> dates;
    for (int day = 0; day < kBirthDayCount; ++day) {
        const CivilDate date = DateFromDays(kDays19250101 + day);
        std::string text;
        AppendNumber(text, static_cast<uint64_t>(date.year), 4);
        text += '-';
        AppendNumber(text, static_cast<uint64_t>(date.month), 2);
        text += '-';
        AppendNumber(text, static_cast<uint64_t>(date.day), 2);
        dates.push_back(text);
    }
    std::string out;
    out.reserve(kBufferBytes + 4096);
    for (uint64_t id = 1; id <= row_count; ++id) {
        Patient patient;
        patient.first = names.First(random);
        const std::string middle = random.Percent(60) ? names.First(random) : std::string();
        patient.last = names.Last(random);
        if (random.Percent(3)) patient.last += '-' + names.Last(random);
        const std::string& birth_date = dates[random.Below(kBirthDayCount)];
        if (dirty) {
            patient = DirtyPatient(std::move(patient), middle, dirt);
        } else {
            patient.full = patient.first + ' ';
            if (!middle.empty()) patient.full += middle + ' ';
            patient.full += patient.last;
        }
        AppendNumber(out, id);
        out += "\tMRN";
        AppendNumber(out, PermutedNumber(id, seed), 8);
        for (const std::string* field : std::initializer_list<const std::string*>{
                 &patient.first, &patient.last, &patient.full, &birth_date}) {
            out += '\t';
            out += *field;
        }
        out += '\n';
        if (out.size() >= kBufferBytes) WriteOut(out);
    }
    WriteOut(out);
    if (std::fflush(stdout) != 0) throw std::runtime_error("cannot write");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 5 || argc > 6 ||
        (std::strcmp(argv[4], "reference") != 0 && std::strcmp(argv[4], "dirty") != 0)) {
        std::fprintf(stderr, "usage: %s FIRST_NAMES SURNAMES ROWS reference|dirty [SEED]\n",
                     argv[0]);
        return 2;
    }
    try {
        const uint64_t row_count = std::stoull(argv[3]);
        if (row_count > 100000000) throw std::runtime_error("at most 10^8 rows: mrn is distinct");
        Generate(Names(argv[1], argv[2]), row_count, std::strcmp(argv[4], "dirty") == 0,
                 argc > 5 ? std::stoull(argv[5]) : 1);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
        return 1;
    }
    return 0;
}
