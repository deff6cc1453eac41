// The blob store: values of every length around page ends, damage, hostile lengths.
#include "core/blob_store.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <vector>

#include "core/memory_pages.hpp"

namespace namedex::core {
namespace {

struct Blob {
    RowOrdinal ordinal;
    std::string original;
    std::string folded;
};

struct Store {
    explicit Store(const std::vector<Blob>& blobs) {
        SectionWriter data_writer(data);
        SectionWriter directory_writer(directory);
        BlobWriter writer(data_writer, directory_writer);
        for (const Blob& blob : blobs) {
            const std::uint32_t id = writer.count();
            EXPECT_EQ(writer.Add(blob.ordinal, blob.original, blob.folded), id);
        }
        writer.Finish();
    }
    ~Store() {
        EXPECT_EQ(data.pinned(), 0);
        EXPECT_EQ(directory.pinned(), 0);
    }
    BlobReader Reader() { return BlobReader(data.All(), directory.All()); }

    MemoryPages data;
    MemoryPages directory;
};

ErrorCode CodeOf(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorCode::kInternal;
}

std::string RandomBytes(std::mt19937_64& random, std::size_t size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) {
        c = static_cast<char>(random());
    }
    return bytes;
}

void ExpectSame(Store& store, const std::vector<Blob>& blobs) {
    BlobReader reader = store.Reader();
    ASSERT_EQ(reader.count(), blobs.size());
    std::uint32_t visited = 0;
    reader.ForEach([&](std::uint32_t id, RowOrdinal ordinal, std::string_view original,
                       std::string_view folded) {
        ASSERT_EQ(id, visited++);
        ASSERT_EQ(ordinal, blobs[id].ordinal);
        ASSERT_TRUE(original == blobs[id].original);
        ASSERT_TRUE(folded == blobs[id].folded);
    });
    EXPECT_EQ(visited, blobs.size());
    std::string original;
    std::string folded;
    for (std::uint32_t id = reader.count(); id-- > 0;) {
        reader.Read(id, original, folded);
        ASSERT_EQ(reader.Ordinal(id), blobs[id].ordinal);
        ASSERT_TRUE(original == blobs[id].original);
        ASSERT_TRUE(folded == blobs[id].folded);
        if (id % 100 == 0) {
            reader.Release();
        }
    }
    EXPECT_EQ(CodeOf([&] { reader.Ordinal(reader.count()); }), ErrorCode::kCorrupt);
    EXPECT_EQ(CodeOf([&] { reader.Read(0xFFFFFFFF, original, folded); }), ErrorCode::kCorrupt);
}

TEST(BlobStore, Empty) {
    Store store({});
    EXPECT_EQ(store.data.page_count(), 0u);
    ExpectSame(store, {});
}

TEST(BlobStore, LengthsAroundPageEnds) {
    std::mt19937_64 random(1);
    std::vector<Blob> blobs;
    const std::size_t page = kPagePayload;
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, page - 2, std::size_t{1}, std::size_t{0}, page, page,
          page - 1, page + 1, 2 * page, 5 * page - 7, std::size_t{0}}) {
        const auto ordinal = static_cast<RowOrdinal>(3 * blobs.size());
        const std::string original = RandomBytes(random, size);
        blobs.push_back({ordinal, original, original});
        blobs.push_back({ordinal + 1, original, RandomBytes(random, size)});
        blobs.push_back({ordinal + 2, original, RandomBytes(random, size + 3)});
    }
    for (std::size_t i = 0; i < blobs.size(); ++i) {
        blobs[i].ordinal = static_cast<RowOrdinal>(3 * i);
    }
    Store store(blobs);
    ExpectSame(store, blobs);
}

TEST(BlobStore, EqualFoldedBytesAreNotStoredTwice) {
    Store store({{0, std::string(5 * kPagePayload, 'x'), std::string(5 * kPagePayload, 'x')}});
    EXPECT_EQ(store.data.page_count(), 5u);
}

TEST(BlobStore, DirectoryOfManyPages) {
    for (const std::uint32_t count : {kBlobEntriesPerPage - 1, kBlobEntriesPerPage,
                                      kBlobEntriesPerPage + 1, 3 * kBlobEntriesPerPage + 5}) {
        std::mt19937_64 random(count);
        std::vector<Blob> blobs;
        RowOrdinal ordinal = 0;
        for (std::uint32_t i = 0; i < count; ++i) {
            blobs.push_back(
                {ordinal, RandomBytes(random, random() % 30), RandomBytes(random, random() % 30)});
            ordinal += 1 + random() % 1000;
        }
        Store store(blobs);
        ExpectSame(store, blobs);
    }
}

TEST(BlobStore, LargestValue) {
    MemoryPages data;
    MemoryPages directory;
    SectionWriter data_writer(data);
    SectionWriter directory_writer(directory);
    BlobWriter writer(data_writer, directory_writer);
    std::string large(kMaxBlobBytes, 'a');
    for (std::size_t i = 0; i < large.size(); i += 4099) {
        large[i] = static_cast<char>(i / 4099);
    }
    EXPECT_EQ(writer.Add(7, large, large), 0u);
    EXPECT_EQ(CodeOf([&] { writer.Add(8, large + 'x', ""); }), ErrorCode::kTooLarge);
    EXPECT_EQ(CodeOf([&] { writer.Add(7, "", ""); }), ErrorCode::kInternal);
    EXPECT_EQ(writer.Add(9, "after", "AFTER"), 1u);
    writer.Finish();
    const BlobReader reader(data.All(), directory.All());
    std::string original;
    std::string folded;
    reader.Read(0, original, folded);
    EXPECT_TRUE(original == large);
    EXPECT_TRUE(folded == large);
    reader.Read(1, original, folded);
    EXPECT_EQ(original, "after");
    EXPECT_EQ(folded, "AFTER");
}

TEST(BlobStore, HostileLengthsAllocateNothing) {
    // Entry fields: ordinal, page, offset, original bytes, folded bytes.
    const std::vector<std::pair<unsigned, std::uint32_t>> damages = {{4, 1},
                                                                     {4, 0xFFFFFFFF},
                                                                     {8, 90},
                                                                     {8, kPagePayload},
                                                                     {8, 0xFFFFFFFF},
                                                                     {12, 101},
                                                                     {12, 0xFFFFFFFF},
                                                                     {12, kMaxBlobBytes},
                                                                     {16, 101},
                                                                     {16, 0xFFFFFFFE},
                                                                     {16, kMaxBlobBytes}};
    for (const auto& [offset, value] : damages) {
        Store store({{1, std::string(100, 'a'), std::string(100, 'b')}});
        StoreLe(store.directory.mutable_payload(0) + offset, value);
        std::string original;
        std::string folded;
        const BlobReader reader = store.Reader();
        EXPECT_EQ(CodeOf([&] { reader.Read(0, original, folded); }), ErrorCode::kCorrupt)
            << offset << " " << value;
        EXPECT_LE(original.capacity(), kPagePayload);
        EXPECT_LE(folded.capacity(), kPagePayload);
    }
}

TEST(BlobStore, OrdinalsOutOfOrder) {
    Store store({{1, "a", "a"}, {5, "b", "b"}});
    StoreLe<std::uint32_t>(store.directory.mutable_payload(0), 5);
    const BlobReader reader = store.Reader();
    EXPECT_EQ(CodeOf([&] { reader.ForEach([](auto...) {}); }), ErrorCode::kCorrupt);
}

TEST(BlobStore, RandomDamage) {
    std::mt19937_64 random(2);
    std::vector<Blob> blobs;
    for (RowOrdinal i = 0; i < 100; ++i) {
        blobs.push_back(
            {i, RandomBytes(random, random() % 2000), RandomBytes(random, random() % 2000)});
    }
    Store store(blobs);
    int refused = 0;
    for (int round = 0; round < 3000; ++round) {
        std::uint8_t* directory = store.directory.mutable_payload(0);
        const std::size_t at = random() % (100 * kBlobEntryBytes);
        const std::uint8_t before = directory[at];
        directory[at] ^= static_cast<std::uint8_t>(1 + random() % 255);
        try {
            store.Reader().ForEach([](auto...) {});
        } catch (const Error& error) {
            ASSERT_EQ(error.code(), ErrorCode::kCorrupt);
            ++refused;
        }
        directory[at] = before;
    }
    EXPECT_GT(refused, 500);
    ExpectSame(store, blobs);
}

}  // namespace
}  // namespace namedex::core
