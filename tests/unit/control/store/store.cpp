#include "control/store/store.h"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <fstream>

#include "tests/unit/control/store/commit_of.h"
#include "tests/unit/control/store/scratch_dir.h"

using namespace switchyard::control;

namespace {

std::unique_ptr<Store> open(const std::string& path) {
    auto opened = Store::open(path);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().detail);
    CHECK(opened->notice == "");
    return std::move(opened->store);
}

void execute(const std::string& path, const char* sql) {
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
    CHECK(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(db);
}

}  // namespace

TEST_CASE("what was committed is there after the file is opened again") {
    ScratchDir dir;
    Commit first = commit_of(1);
    first.base = FileBase{"{}", "abc", "at"};
    Commit second = commit_of(2);
    second.idempotency = IdempotencyRow{"key", "ci", "print", 2};
    second.pending = PendingConfirmation{2, 1, 1234};
    {
        auto store = open(dir / "db");
        CHECK_FALSE((*store->newest()).has_value());
        REQUIRE(store->commit(first).has_value());
        REQUIRE(store->commit(second).has_value());
    }
    auto store = open(dir / "db");
    CHECK(**store->newest() == second.generation);
    CHECK(**store->generation(1) == first.generation);
    CHECK_FALSE((*store->generation(3)).has_value());
    CHECK(**store->base() == *first.base);
    CHECK(**store->pending() == *second.pending);
    CHECK(**store->idempotency("ci", "key") == *second.idempotency);
    CHECK_FALSE((*store->idempotency("somebody else", "key")).has_value());
}

TEST_CASE("lists are newest first, paged, and without configuration texts") {
    ScratchDir dir;
    auto store = open(dir / "db");
    for (std::uint64_t n = 1; n <= 5; ++n) REQUIRE(store->commit(commit_of(n)).has_value());
    const auto page = *store->generations(4, 2);
    REQUIRE(page.size() == 2);
    CHECK(page[0].number == 3);
    CHECK(page[1].number == 2);
    CHECK(page[0].config == "");
    CHECK(store->generations(0, 100)->size() == 5);
}

TEST_CASE("a generation number is never given twice") {
    ScratchDir dir;
    auto store = open(dir / "db");
    REQUIRE(store->commit(commit_of(1)).has_value());
    const auto again = store->commit(commit_of(1));
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().status == 500);
    CHECK((*store->audit(0, 10)).size() == 1);
}

TEST_CASE("retention keeps the newest, and what a pending change would return to") {
    ScratchDir dir;
    auto store = open(dir / "db");
    for (std::uint64_t n = 1; n <= 10; ++n) {
        auto c = commit_of(n);
        c.keep = 3;
        if (n == 10) c.pending = PendingConfirmation{10, 7, 1};
        REQUIRE(store->commit(c).has_value());
    }
    std::vector<std::uint64_t> numbers;
    for (const auto& g : *store->generations(0, 100)) numbers.push_back(g.number);
    CHECK(numbers == std::vector<std::uint64_t>{10, 9, 8, 7});
    CHECK((*store->audit(0, 100)).size() == 10);
}

TEST_CASE("the next change settles what was pending") {
    ScratchDir dir;
    auto store = open(dir / "db");
    auto first = commit_of(1);
    first.pending = PendingConfirmation{1, 0, 1};
    REQUIRE(store->commit(first).has_value());
    REQUIRE(store->commit(commit_of(2)).has_value());
    CHECK_FALSE((*store->pending()).has_value());
}

TEST_CASE("an audit that nobody touched is intact") {
    ScratchDir dir;
    auto store = open(dir / "db");
    CHECK(store->verify_audit()->intact);
    for (std::uint64_t n = 1; n <= 4; ++n) REQUIRE(store->commit(commit_of(n)).has_value());
    REQUIRE(store->note({0, "at", "ci", "here", "confirm", "", 4, {"generation 4 confirmed"}, {}, {}}).has_value());
    const auto verdict = *store->verify_audit();
    CHECK(verdict.intact);
    CHECK(verdict.entries == 5);
}

TEST_CASE("a changed, missing, inserted or cut audit line is found, with its number") {
    struct Row {
        const char* sql;
        std::uint64_t first_bad;
    };
    const Row rows[] = {
        {"UPDATE audit SET who = 'nobody' WHERE number = 3", 3},
        {"UPDATE audit SET changes = '[]' WHERE number = 1", 1},
        {"UPDATE audit SET reason = 'other' WHERE number = 5", 5},
        {"DELETE FROM audit WHERE number = 2", 2},
        {"DELETE FROM audit WHERE number = 5", 5},
        {"DELETE FROM audit WHERE number >= 4", 4},
        {"DELETE FROM audit", 1},
        {"UPDATE audit SET number = number + 100 WHERE number = 5", 5},
        {"INSERT INTO audit SELECT 6, at, who, origin, verb, reason, generation, changes, hash, hash FROM audit WHERE "
         "number = 5",
         6},
    };
    for (const auto& row : rows) {
        CAPTURE(row.sql);
        ScratchDir dir;
        {
            auto store = open(dir / "db");
            for (std::uint64_t n = 1; n <= 5; ++n) REQUIRE(store->commit(commit_of(n)).has_value());
        }
        execute(dir / "db", row.sql);
        const auto verdict = *open(dir / "db")->verify_audit();
        CHECK_FALSE(verdict.intact);
        CHECK(verdict.first_bad == row.first_bad);
        CHECK(verdict.detail != "");
    }
}

TEST_CASE("a record that was written anew as a whole is found by whoever noted a line") {
    ScratchDir dir;
    const auto written = [&](const char* name, const std::string& who) {
        auto store = open(dir / name);
        for (std::uint64_t n = 1; n <= 3; ++n) {
            auto commit = commit_of(n);
            if (n == 2) commit.generation.who = who;
            REQUIRE(store->commit(commit).has_value());
        }
        return store;
    };
    auto honest = written("honest", "ci");
    const AuditAnchor noted{3, honest->verify_audit()->head};
    REQUIRE(honest->commit(commit_of(4)).has_value());
    CHECK(honest->verify_audit(noted)->intact);

    auto forged = written("forged", "somebody else");
    REQUIRE(forged->commit(commit_of(4)).has_value());
    CHECK(forged->verify_audit()->intact);
    const auto verdict = *forged->verify_audit(noted);
    CHECK_FALSE(verdict.intact);
    CHECK(verdict.first_bad == 3);

    auto shorter = written("shorter", "ci");
    const auto beyond = *shorter->verify_audit(AuditAnchor{4, honest->verify_audit()->head});
    CHECK_FALSE(beyond.intact);
    CHECK(beyond.first_bad == 4);
}

TEST_CASE("the first reply to a key is kept, each caller's own") {
    ScratchDir dir;
    const KeptReply first{"k", "ci", "f", 201, "/v1/rollouts/r1", "{}"};
    {
        auto store = open(dir / "db");
        CHECK_FALSE((*store->kept_reply("ci", "k")).has_value());
        REQUIRE(store->keep_reply(first).has_value());
        REQUIRE(store->keep_reply({"k", "ci", "f", 200, "", "later"}).has_value());
    }
    auto store = open(dir / "db");
    CHECK(*store->kept_reply("ci", "k") == first);
    CHECK_FALSE((*store->kept_reply("somebody else", "k")).has_value());
}

TEST_CASE("only the owner may read the state file, a new one and one that others could read") {
    ScratchDir dir;
    const auto mode_of = [&](const char* name) {
        return std::filesystem::status(dir / name).permissions() & std::filesystem::perms::all;
    };
    const auto owner = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
    for (int round = 0; round < 2; ++round) {
        auto store = open(dir / "db");
        REQUIRE(store->commit(commit_of(static_cast<std::uint64_t>(round) + 1)).has_value());
        CHECK(mode_of("db") == owner);
        CHECK(mode_of("db-wal") == owner);
        store.reset();
        std::filesystem::permissions(dir / "db", std::filesystem::perms::all);
    }
}

TEST_CASE("a count that somebody has overwritten is a refusal, not the end") {
    ScratchDir dir;
    auto store = open(dir / "db");
    REQUIRE(store->commit(commit_of(1)).has_value());
    execute(dir / "db", "UPDATE meta SET value = 'many' WHERE name = 'audit_count'");
    const auto refused = store->commit(commit_of(2));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().status == 500);
    CHECK((*store->newest())->number == 1);
    CHECK_FALSE(store->verify_audit()->intact);
}

TEST_CASE("a file that is no database is set aside, said so, and kept") {
    ScratchDir dir;
    { std::ofstream(dir / "db") << std::string(8192, 'x'); }
    auto opened = Store::open(dir / "db");
    REQUIRE(opened.has_value());
    CHECK(opened->notice.find("was damaged") != std::string::npos);
    REQUIRE(opened->store->commit(commit_of(1)).has_value());
    std::size_t kept = 0;
    for (const auto& entry : std::filesystem::directory_iterator(dir.path))
        if (entry.path().filename().string().find("db.corrupt-") == 0) {
            ++kept;
            CHECK(entry.file_size() == 8192);
        }
    CHECK(kept == 1);
}

TEST_CASE("a database with a damaged page is set aside") {
    ScratchDir dir;
    {
        auto store = open(dir / "db");
        for (std::uint64_t n = 1; n <= 200; ++n) REQUIRE(store->commit(commit_of(n)).has_value());
    }
    {
        std::fstream file(dir / "db", std::ios::in | std::ios::out | std::ios::binary);
        for (int page = 1; page < 8; ++page) {
            file.seekp(page * 4096);
            file << std::string(2000, '\xff');
        }
    }
    auto opened = Store::open(dir / "db");
    REQUIRE(opened.has_value());
    CHECK(opened->notice != "");
    CHECK_FALSE((*opened->store->newest()).has_value());
}

TEST_CASE("whatever becomes of the file, generations go on above every number that was acknowledged") {
    for (const std::string how : {"overwritten", "damaged page", "removed", "older copy", "ledger lost too"}) {
        CAPTURE(how);
        ScratchDir dir;
        constexpr std::uint64_t kAcknowledged = 250;
        {
            auto store = open(dir / "db");
            REQUIRE(store->commit(commit_of(1)).has_value());
            store.reset();
            std::filesystem::copy_file(dir / "db", dir / "backup");
            store = open(dir / "db");
            for (std::uint64_t n = 2; n <= kAcknowledged; ++n) REQUIRE(store->commit(commit_of(n)).has_value());
        }
        if (how == "overwritten") std::ofstream(dir / "db") << std::string(8192, 'x');
        if (how == "removed") std::filesystem::remove(dir / "db");
        if (how == "older copy") std::filesystem::rename(dir / "backup", dir / "db");
        if (how == "damaged page" || how == "ledger lost too") {
            std::fstream file(dir / "db", std::ios::in | std::ios::out | std::ios::binary);
            file.seekp(0, std::ios::end);
            const auto pages = static_cast<long>(file.tellp()) / 4096;
            // Somewhere in the middle: the newest rows can still be read.
            file.seekp(pages / 2 * 4096);
            file << std::string(2000, '\xff');
        }
        if (how == "ledger lost too") std::filesystem::remove(dir / "db.ledger");
        auto opened = Store::open(dir / "db");
        REQUIRE(opened.has_value());
        CHECK(opened->next > kAcknowledged);
        CHECK(opened->notice.find("generations go on at " + std::to_string(opened->next)) != std::string::npos);
        REQUIRE(opened->store->commit(commit_of(opened->next)).has_value());
        const auto next = opened->next;
        opened->store.reset();
        auto again = Store::open(dir / "db");
        CHECK(again->next == next + 1);
        CHECK(again->notice == "");
    }
}

TEST_CASE("a number that cannot be put beyond use is not used") {
    ScratchDir dir;
    auto store = open(dir / "db");
    std::filesystem::create_directory(dir / "db.ledger");
    const auto refused = store->commit(commit_of(1));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().status == 500);
    CHECK(refused.error().detail.find("db.ledger could not be written") != std::string::npos);
    CHECK_FALSE((*store->newest()).has_value());
    std::filesystem::remove(dir / "db.ledger");
    CHECK(store->commit(commit_of(1)).has_value());
}

TEST_CASE("a ledger that was cut short counts as unknown") {
    ScratchDir dir;
    {
        auto store = open(dir / "db");
        REQUIRE(store->commit(commit_of(1)).has_value());
    }
    std::ofstream(dir / "db.ledger") << "10";
    CHECK(Store::open(dir / "db")->next == 2);
}

TEST_CASE("a file of a newer version is refused and left alone") {
    ScratchDir dir;
    { open(dir / "db"); }
    execute(dir / "db", "PRAGMA user_version = 99");
    const auto opened = Store::open(dir / "db");
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().detail.find("newer switchyard") != std::string::npos);
}

TEST_CASE("a file of a newer version that says so is used, and what is not known is left alone") {
    ScratchDir dir;
    { open(dir / "db"); }
    execute(dir / "db", "CREATE TABLE of_tomorrow (x); PRAGMA user_version = 99");
    execute(dir / "db", "INSERT INTO meta VALUES ('min_reader', '3')");
    {
        auto store = open(dir / "db");
        REQUIRE(store->commit(commit_of(1)).has_value());
    }
    execute(dir / "db", "INSERT INTO of_tomorrow VALUES (1)");
    CHECK(Store::open(dir / "db")->next == 2);
    execute(dir / "db", "UPDATE meta SET value = '98' WHERE name = 'min_reader'");
    CHECK_FALSE(Store::open(dir / "db").has_value());
}

TEST_CASE("a copy is a store of its own, made beside one that is written to") {
    ScratchDir dir;
    auto store = open(dir / "db");
    REQUIRE(store->commit(commit_of(1)).has_value());
    for (int round = 0; round < 2; ++round) {
        REQUIRE(Store::copy(dir / "db", dir / "copy").has_value());
        REQUIRE(store->commit(commit_of(static_cast<std::uint64_t>(round) + 2)).has_value());
        CHECK((*open(dir / "copy")->newest())->number == static_cast<std::uint64_t>(round) + 1);
    }
    CHECK_FALSE(Store::copy(dir / "nothing", dir / "copy").has_value());
}

TEST_CASE("a directory that is not there is an error that names it") {
    const auto opened = Store::open("/nowhere/at/all/db");
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().detail.find("/nowhere/at/all/db") != std::string::npos);
}

TEST_CASE("journals that are dropped are gone after the file is opened again, the others are not") {
    ScratchDir dir;
    {
        auto store = open(dir / "db");
        for (const char* id : {"r1", "r1#timeline", "r2"}) REQUIRE(store->put_journal(id, "text").has_value());
        REQUIRE(store->drop_journals({"r1", "r1#timeline", "r1#evidence"}).has_value());
    }
    const auto left = *open(dir / "db")->journals();
    REQUIRE(left.size() == 1);
    CHECK(left.contains("r2"));
}

TEST_CASE("a journal is durable with the generation that it orders, and takes the place of no later one") {
    ScratchDir dir;
    auto commit = commit_of(1);
    commit.journal = JournalRow{"r1", "started\nrolled_back\n"};
    const auto longer = commit.journal->text + "closed\n";
    {
        auto store = open(dir / "db");
        REQUIRE(store->put_journal("r1", "started\n").has_value());
        REQUIRE(store->commit(commit).has_value());
        CHECK(store->journals()->at("r1") == commit.journal->text);
        REQUIRE(store->put_journal("r1", longer).has_value());
        auto late = commit_of(2);
        late.journal = commit.journal;
        REQUIRE(store->commit(late).has_value());
    }
    CHECK(open(dir / "db")->journals()->at("r1") == longer);
}

TEST_CASE("the file last taken over is kept, and a refused one until another is taken over") {
    ScratchDir dir;
    auto store = open(dir / "db");
    CHECK_FALSE((*store->base()).has_value());
    REQUIRE(store->refuse_file("bad", {0, "at", "file", "/f", "file-refused", "", 1, {"no"}, {}, {}}).has_value());
    CHECK(**store->refused_file() == "bad");
    CHECK((*store->audit(0, 1))[0].verb == "file-refused");
    Commit commit = commit_of(1);
    commit.base = FileBase{"{}", "good", "at"};
    REQUIRE(store->commit(commit).has_value());
    CHECK(**store->base() == *commit.base);
    CHECK_FALSE((*store->refused_file()).has_value());
    REQUIRE(store->set_base({"{}", "better", "later"}).has_value());
    CHECK((**store->base()).hash == "better");
}

TEST_CASE("the base of a file without one is the newest generation that came from the configuration file") {
    ScratchDir dir;
    {
        auto store = open(dir / "db");
        for (std::uint64_t n = 1; n <= 4; ++n) {
            auto commit = commit_of(n);
            if (n == 1) commit.generation.verb = "start";
            if (n == 3) commit.generation.verb = "file";
            REQUIRE(store->commit(commit).has_value());
        }
    }
    execute(dir / "db", "DROP TABLE base; PRAGMA user_version = 2; INSERT INTO meta VALUES ('file_hash', 'as it was')");
    auto store = open(dir / "db");
    const auto base = **store->base();
    CHECK(base.config == commit_of(3).generation.config);
    CHECK(base.hash == "as it was");
    // And as it was, it is still there.
    REQUIRE(std::filesystem::exists(dir / "db.before-3"));
    execute(dir / "db.before-3", "SELECT value FROM meta WHERE name = 'file_hash'");
    CHECK((*open(dir / "db.before-3")->newest())->number == 4);
    // For a week.
    const auto made = std::filesystem::last_write_time(dir / "db.before-3");
    std::filesystem::last_write_time(dir / "db.before-3", made - Store::kOriginalKept + std::chrono::hours(1));
    store.reset();
    store = open(dir / "db");
    CHECK(std::filesystem::exists(dir / "db.before-3"));
    std::filesystem::last_write_time(dir / "db.before-3", made - Store::kOriginalKept - std::chrono::hours(1));
    store.reset();
    store = open(dir / "db");
    CHECK_FALSE(std::filesystem::exists(dir / "db.before-3"));
    CHECK((**store->newest()).number == 4);
}

TEST_CASE("what a newer version has made of a state can be used, or not, as it says itself") {
    ScratchDir dir;
    REQUIRE(open(dir / "db")->commit(commit_of(1)).has_value());
    CHECK(Store::usable(dir / "db").has_value());
    execute(dir / "db", "PRAGMA user_version = 999; INSERT OR REPLACE INTO meta VALUES ('min_reader', '1')");
    CHECK(Store::usable(dir / "db").has_value());
    execute(dir / "db", "INSERT OR REPLACE INTO meta VALUES ('min_reader', '999')");
    REQUIRE_FALSE(Store::usable(dir / "db").has_value());
    CHECK(Store::usable(dir / "db").error().detail.find("newer switchyard (format 999") != std::string::npos);
    CHECK_FALSE(Store::usable(dir / "nowhere").has_value());
}

TEST_CASE("a copy of what cannot be written shows everything and takes nothing, also what a crash left in the log") {
    ScratchDir dir;
    auto writer = open(dir / "db");  // still open: its log is not worked in
    REQUIRE(writer->commit(commit_of(1)).has_value());
    const auto opened = Store::open_copy(dir / "db", "the folder cannot be written");
    REQUIRE(opened.has_value());
    auto& copy = *opened->store;
    CHECK(**copy.newest() == commit_of(1).generation);
    CHECK(opened->next == 2);
    for (const auto& refused : {copy.commit(commit_of(2)), copy.note({}), copy.put_journal("r1", "x")}) {
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().status == 503);
        CHECK(refused.error().kind == "store_unavailable");
        CHECK(refused.error().detail.find("the folder cannot be written") != std::string::npos);
    }
    CHECK(writer->commit(commit_of(2)).has_value());
    CHECK((**copy.newest()).number == 1);
    const auto nothing = Store::open_copy(dir / "nowhere/db", "there is none");
    REQUIRE(nothing.has_value());
    CHECK_FALSE((*nothing->store->newest()).has_value());
}

TEST_CASE(
    "what was discovered is kept by upstream until it is forgotten, and is nothing that an older program would miss") {
    ScratchDir dir;
    {
        auto store = open(dir / "db");
        CHECK(store->rolls()->empty());
        REQUIRE(store->put_rolls({{"green", {"file /a", "[1]"}}, {"blue", {"srv b", "[2]"}}}).has_value());
        REQUIRE(store->put_rolls({{"green", {"file /a", "[3]"}}, {"blue", {"", ""}}}).has_value());
    }
    auto store = open(dir / "db");
    CHECK(*store->rolls() == std::map<std::string, std::pair<std::string, std::string>>{{"green", {"file /a", "[3]"}}});
}

TEST_CASE(
    "last good addresses of names are kept until a name has none, and are nothing that an older program would miss") {
    ScratchDir dir;
    using Rows = std::map<std::string, std::vector<std::string>>;
    {
        auto store = open(dir / "db");
        CHECK(store->addresses()->empty());
        REQUIRE(store->put_addresses({{"app.test", {"10.0.0.1", "fd00::1"}}, {"gone.test", {"10.0.0.2"}}}).has_value());
        REQUIRE(store->put_addresses({{"app.test", {"10.0.0.3"}}, {"gone.test", {}}}).has_value());
    }
    auto store = open(dir / "db");
    CHECK(*store->addresses() == Rows{{"app.test", {"10.0.0.3"}}});
    store.reset();
    execute(dir / "db", "DROP TABLE addresses");
    store = open(dir / "db");
    CHECK(store->addresses()->empty());
    CHECK(store->put_addresses({{"app.test", {"10.0.0.4"}}}).has_value());
}
