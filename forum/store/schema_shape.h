// What a schema looks like to the programs that run on it, and what a step may not change of that while the program of
// the version before goes on. Each engine's linter reads the shape from its own catalogue.
//
// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "forum/store/migration_lint.h"

namespace forum {

struct SchemaColumn {
    bool must_be_given = false;  // NOT NULL without default and no part of the primary key's alias
    std::int64_t key_place = 0;  // place in the primary key, from 1
};

struct SchemaShape {
    std::map<std::string, std::map<std::string, SchemaColumn>> tables;  // views too
    std::map<std::string, std::int64_t> made_at;                        // table -> place in the list of what was made
    std::map<std::string, std::size_t> checks;                          // table -> how many CHECKs it has
    std::map<std::string, std::string> unique_indexes;                  // table and columns -> name
    std::map<std::string, std::string> indexed_tables;                  // the same -> table
    std::map<std::string, std::string> triggers;                        // name -> table
    std::map<std::string, std::string> holding;  // table and column -> table whose rows it holds fast
    std::set<std::string> broken;                // views on what is no longer there
};

// Complains of what `step` made of `before`.
void compare_shapes(const Migration& step, const SchemaShape& before, const SchemaShape& after,
                    const ReleasedStatements& releases, std::vector<LintComplaint>& complaints);

}  // namespace forum
