// Who is never to be contacted: the store's list, and what it does to the contact lists that are there
// already.
#pragma once

#include "contract/params.h"
#include "danggol/engine.h"
#include "store/database.h"

namespace danggol::engine {

ParamTable<SuppressRequest> suppress_params();

// Changes the list, all or nothing (`key_file` is the store's); who is on it now leaves the rows of all kept
// runs that say whom to contact.
Result<SuppressSummary> suppress(store::Connection& connection, const SuppressRequest& request,
                                 const std::string& key_file);

// Who may be contacted through which medium; whoever may not be by what a kept run says leaves its rows.
Result<ConsentSummary> consent(store::Connection& connection, const ConsentRequest& request,
                               const std::string& key_file);
Result<ConsentSummary> consents_of(store::Connection& connection);

}  // namespace danggol::engine
