// forum: the program. Chooses the verb; everything else is in server/ and store/.

#include <fmt/format.h>
#include <malloc.h>

#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "forum/routes.h"
#include "forum/server/serve.h"
#include "forum/server/verbs.h"

namespace {

constexpr int kDone = 0;
constexpr int kRefused = 1;
constexpr int kUsage = 2;

// A block of this size or more is mapped by itself and given back when it is freed. Left alone, glibc raises the bound
// to 32 MiB after the first large block that is freed, and from then on each thread's arena keeps the 19 MiB that a
// password takes: a stranger with wrong passwords would hold 19 MiB for every thread.
constexpr int kMappedBytes = 1 << 20;

void print_help() {
    fmt::print(
        "forum [serve] [flags]                         serve the forum\n"
        "forum config [flags]                          list every setting, its value and where it came from\n"
        "forum seed --database FILE --posts N [--users M] [--comments K]\n"
        "forum migrate status|up --database FILE [--directory DIR]\n"
        "forum migrate check [--directory DIR] [--scratch DATABASE]\n"
        "                                              refuse steps that break the version before them; with the "
        "address\n"
        "                                              of a MariaDB server, its steps, on a database made for a "
        "moment\n"
        "forum migrate statements                      every SQL statement of this program, for forum/store/releases\n"
        "forum backup --database FILE --to FILE        copy the database while it is in use\n"
        "forum keys rotate --database FILE             sign new access tokens with a fresh key\n"
        "forum copy --from DATABASE --to DATABASE      copy a forum that stands still into a new database\n"
        "forum version                                 schema version and engines of this program\n"
        "A DATABASE, and a FILE but for backups, is a SQLite file or mariadb://USER@HOST/NAME (docs/databases.md)\n"
        "\nFlags of serve and config (see docs/forum.md):\n{}",
        forum::Settings::help());
}

}  // namespace

int main(int argc, char** argv) {
    mallopt(M_MMAP_THRESHOLD, kMappedBytes);
    std::vector<std::string> arguments(argv + 1, argv + argc);
    std::string verb = "serve";
    if (!arguments.empty() && !arguments[0].starts_with("--")) {
        verb = arguments[0];
        arguments.erase(arguments.begin());
    }
    if (verb == "help" || (!arguments.empty() && arguments[0] == "--help")) {
        print_help();
        return kDone;
    }
    try {
        if (verb == "serve") return forum::serve(forum::Settings::load(arguments), forum::endpoints());
        if (verb == "config") {
            fmt::print("{}", forum::Settings::load(arguments).listing());
            return kDone;
        }
        if (const auto run = forum::verb_named(verb)) return run(arguments);
        fmt::print(stderr, "forum: there is no verb '{}'; see forum --help\n", verb);
        return kUsage;
    } catch (const forum::SettingsError& e) {
        fmt::print(stderr, "forum: {}\n", e.what());
        return kUsage;
    } catch (const std::exception& e) {
        fmt::print(stderr, "forum: {}\n", e.what());
        return kRefused;
    }
}
