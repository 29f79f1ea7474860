-- Whether an id is of somebody in `asked` (id, is_alone).
CREATE OR REPLACE TEMP MACRO is_asked(given) AS EXISTS (
  FROM asked WHERE id = given OR (is_alone AND folded_id(id) = folded_id(given)));
