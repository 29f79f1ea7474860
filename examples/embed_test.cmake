# Runs the example on a small shop; what it prints is looked at.
file(REMOVE_RECURSE ${FOLDER})
execute_process(COMMAND ${DANGGOL} simulate shop --customers 300 --out ${FOLDER} OUTPUT_QUIET
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${EMBED} ${FOLDER}/events.csv ${FOLDER}/store.duckdb OUTPUT_VARIABLE printed
  COMMAND_ERROR_IS_FATAL ANY)
string(CONCAT expected "imported ([0-9]+) rows\nstreamed ([0-9]+) events, the forecast is (queued|running)\n"
  "the forecast: cancelled\nIn [A-Z][a-z]+ 20[0-9][0-9] to ")
if(NOT printed MATCHES "${expected}")
  message(FATAL_ERROR "embed printed:\n${printed}")
endif()
if(NOT CMAKE_MATCH_1 EQUAL CMAKE_MATCH_2)
  message(FATAL_ERROR "embed streamed ${CMAKE_MATCH_2} of ${CMAKE_MATCH_1} events")
endif()
