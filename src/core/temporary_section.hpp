// A section that grows beside others: it is kept in temporary pages until its turn comes.
#pragma once

#include <cstdint>
#include <memory>

#include "core/pages.hpp"

namespace namedex::core {

struct TemporarySection {
    explicit TemporarySection(PageStoreFactory& factory)
        : store(factory.Create()), writer(*store) {}

    // Ends the section, hands its pages on, and gives them up; returns how many.
    std::uint32_t MoveTo(PageSink& out) {
        const std::uint32_t pages = writer.Finish();
        for (std::uint32_t page = 0; page < pages; ++page) {
            const PinnedPage pinned(*store, page);
            out.Write(pinned.payload(), pinned.used());
        }
        store.reset();
        return pages;
    }

    std::unique_ptr<PageStore> store;
    SectionWriter writer;
};

}  // namespace namedex::core
