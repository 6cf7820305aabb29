// The statements of a migration's step, as far as the linter needs to know them: their verb, and of those that change
// rows the table and whether all its rows are meant.
//
// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace forum {

struct StepStatement {
    std::string verb;        // "CREATE", "DELETE", … in upper case; of WITH … the one behind it
    std::string table;       // of DELETE and UPDATE, as it was written
    bool every_row = false;  // DELETE or UPDATE without a WHERE, or with one that says nothing
};

// Comments, quoted text and the bodies of triggers are passed over.
std::vector<StepStatement> step_statements(std::string_view sql);

}  // namespace forum
