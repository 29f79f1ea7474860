-- What an id is compared by: letter case, the width and composition of characters, blanks around it and characters
-- that nobody sees do not make another person. ASCII, which has none of these but case, is done at once.
CREATE OR REPLACE TEMP MACRO folded_id(id) AS
  CASE WHEN strlen(id) = length(id) THEN lower(trim(id))
  ELSE lower(nfc_normalize(trim(translate(id,
    '！＂＃＄％＆＇（）＊＋，－．／０１２３４５６７８９：；＜＝＞？＠ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ［＼］＾＿｀ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ｛｜｝～'
      || chr(160) || chr(12288) || chr(8203) || chr(8204) || chr(8205) || chr(8288) || chr(65279),
    '!"#$%&''()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~  ')))) END;

-- What it looks like at a glance: letters and digits, without leading zeros.
CREATE OR REPLACE TEMP MACRO loose_id(id) AS
  regexp_replace(regexp_replace(folded_id(id), '[^\p{L}\p{N}]', '', 'g'), '(^|[^0-9])0+([0-9])', '\1\2', 'g');

-- The customers never to be contacted.
CREATE OR REPLACE TEMP VIEW suppression AS
SELECT customer_no FROM raw.customer
WHERE folded_id(customer_id) IN (SELECT folded_id(customer_id) FROM raw.suppression);
