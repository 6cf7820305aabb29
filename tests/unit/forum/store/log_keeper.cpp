#include "forum/store/engine/sqlite/log_keeper.h"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "store_fixture.h"

using namespace forum;

namespace {

struct Journal {
    Directory directory;
    std::string file = directory.file("journal.db");
    SqliteSession writer{file, Purpose::writing};

    Journal() {
        writer.execute("CREATE TABLE entries (text TEXT)");
        writer.watch_log();
    }
    void write() {
        const std::string text(100'000, 'x');
        const auto insert = writer.prepare("INSERT INTO entries (text) VALUES (?)");
        insert->bind(1, std::string_view(text));
        insert->step();
    }
};

}  // namespace

TEST_CASE("a log begins anew although its writer never pauses") {
    Journal journal;
    LogKeeper keeper(journal.file);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    std::int64_t longest = 0;
    while (journal.writer.log_length() >= longest) {
        longest = journal.writer.log_length();
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        journal.write();
        keeper.log_grew(journal.writer);
    }
    CHECK(longest > 1'000);
    // All that was in it is in the database file now.
    CHECK(std::filesystem::file_size(journal.file) >= static_cast<std::uintmax_t>(longest - 1) * 4'096 / 2);
}

TEST_CASE("a reader that needs the log keeps it from beginning anew, and nothing waits for the reader") {
    Journal journal;
    LogKeeper keeper(journal.file);
    journal.write();
    Connection reader(journal.file, Connection::Mode::read_only);
    reader.execute("BEGIN");
    const auto entries = [&] {
        Query query = reader.query_text("SELECT count(*) FROM entries");
        query.step();
        return query.integer(0);
    };
    CHECK(entries() == 1);
    for (int i = 0; i < 400; ++i) {
        journal.write();
        keeper.log_grew(journal.writer);
    }
    CHECK(journal.writer.log_length() > 8'000);
    CHECK(entries() == 1);
    reader.execute("COMMIT");
    CHECK(entries() == 401);
}
