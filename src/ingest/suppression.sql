-- What an id is compared by: letter case, the width and composition of characters, blanks around it and characters
-- that nobody sees do not make another person. ASCII, which has none of these but case, is done at once.
CREATE OR REPLACE TEMP MACRO folded_id(id) AS
  CASE WHEN strlen(id) = length(id) THEN lower(trim(id))
  ELSE lower(nfc_normalize(trim(translate(id,
    '！＂＃＄％＆＇（）＊＋，－．／０１２３４５６７８９：；＜＝＞？＠ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ［＼］＾＿｀ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ｛｜｝～'
      || chr(160) || chr(12288) || chr(8203) || chr(8204) || chr(8205) || chr(8288) || chr(65279),
    '!"#$%&''()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~  ')))) END;

-- What it looks like at a glance: letters and digits, no number with leading zeros.
CREATE OR REPLACE TEMP MACRO loose_id(id) AS
  regexp_replace(regexp_replace(folded_id(id), '(^|[^0-9])0+([0-9])', '\1\2', 'g'), '[^\p{L}\p{N}]', '', 'g');

-- The customers never to be contacted.
CREATE OR REPLACE TEMP VIEW suppression AS
SELECT customer_no FROM raw.customer
WHERE folded_id(customer_id) IN (SELECT folded_id(customer_id) FROM raw.suppression);

-- The customers whose id is not on the list, but looks like one there that is nobody's: perhaps they are meant.
CREATE OR REPLACE TEMP VIEW near_suppression AS
SELECT customer_no, customer_id, min(listed) AS listed
FROM raw.customer JOIN (
  SELECT customer_id AS listed, loose_id(customer_id) AS loose FROM raw.suppression
  WHERE folded_id(customer_id) NOT IN (SELECT folded_id(customer_id) FROM raw.customer)
) ON loose_id(customer_id) = loose
WHERE loose <> '' AND customer_no NOT IN (SELECT customer_no FROM suppression)
GROUP BY ALL;
