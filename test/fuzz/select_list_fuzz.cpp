// Fuzzes the parser of select lists against its naive twin: the same items, or an error of the same
// kind at the same place. A list that is parsed is written again, all names quoted, and parsed.
//
// Input: the text.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "core/select_list.hpp"
#include "reference/naive_select_list.hpp"
#include "reference/random_select_list.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace namedex;
    // A block of exactly the text's size, so that AddressSanitizer sees overreads.
    const std::unique_ptr<char[]> copy(new char[size]);
    std::copy_n(data, size, copy.get());
    const std::string_view text(copy.get(), size);

    std::string fault = reference::FaultIn(text);
    reference::SelectListOutcome parsed = reference::ParsedSelectList(text);
    if (fault.empty() && parsed.accepted) {
        const std::string written = reference::SelectListWriter(nullptr).Write(parsed.list);
        if (!reference::SameItems(reference::ParsedSelectList(written).list, parsed.list)) {
            fault = "the list differs when it is written and parsed again";
        }
    }
    if (!fault.empty()) {
        std::fprintf(stderr, "%s\n", fault.c_str());
        std::abort();
    }
    return 0;
}
