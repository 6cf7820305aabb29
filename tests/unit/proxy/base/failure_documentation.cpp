// docs/errors.md, "Requests", is the table of failures in the code's own words and order: nothing is missing, nothing
// is invented.
#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "proxy/base/failure.h"

namespace {

struct Row {
    std::string flag, status, said;
    bool operator==(const Row&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Row& row) {
    return out << row.flag << ' ' << row.status << ": " << row.said;
}

std::string trimmed(const std::string& cell) {
    const auto from = cell.find_first_not_of(" `"), to = cell.find_last_not_of(" `");
    return from == std::string::npos ? "" : cell.substr(from, to - from + 1);
}

std::vector<Row> documented() {
    std::ifstream page(SWITCHYARD_SOURCE_DIR "/docs/errors.md");
    std::vector<Row> rows;
    bool here = false;
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("## ")) here = line == "## Requests";
        if (!here || !line.starts_with("| `")) continue;
        std::vector<std::string> cells;
        for (std::size_t from = 1, to; (to = line.find('|', from)) != std::string::npos; from = to + 1)
            cells.push_back(trimmed(line.substr(from, to - from)));
        REQUIRE_MESSAGE(cells.size() == 4, line);
        CHECK_MESSAGE(!cells[3].empty(), "no cure: " << line);
        rows.push_back({cells[0], cells[1], cells[2]});
    }
    return rows;
}

}  // namespace

TEST_CASE("the page of errors lists every failure of a request, in the order of the code") {
    std::vector<Row> known;
    for (const auto& failure : switchyard::kFailureTable) {
        if (failure.failure == switchyard::Failure::none) continue;
        Row row{std::string(failure.flag), failure.status == 0 ? "–" : std::to_string(failure.status),
                std::string(failure.detail)};
        // Two failures that differ only in what may be retried are one line for the reader.
        if (known.empty() || !(known.back() == row)) known.push_back(std::move(row));
    }
    const auto page = documented();
    for (std::size_t i = 0; i < std::max(known.size(), page.size()); ++i) {
        REQUIRE(i < page.size());
        REQUIRE(i < known.size());
        CHECK(page[i] == known[i]);
    }
}
