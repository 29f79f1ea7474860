// The page's own words. Everything else a reader sees comes from the data.
export const words = {
  en: {
    contents: 'Contents', language: 'Language', skip: 'Skip to the report',
    as_of: 'As of', generated: 'made', summary: 'In brief', key_figures: 'Key figures', take_care: 'Take care',
    no_data: 'No data for this chart.', no_rows: 'No rows.', show_numbers: 'Show the numbers',
    unknown_kind: 'This version of the report cannot draw a chart of kind', cannot_draw: 'This chart could not be drawn',
    unreadable: 'The data of this report cannot be read', template: 'This is the empty template of a report: it holds no data yet.',
    rows_shown: (shown, total) => `${shown} of ${total} rows shown`,
    interval: level => level ? `${level} interval` : 'interval',
    band: interval => `Shaded: ${interval}.`, whiskers: interval => `Whiskers: ${interval}.`,
    count: 'Count', share_of_all: 'Cumulative share', predicted: 'Predicted', observed: 'Observed', of: name => `of ${name}`,
  },
  ko: {
    contents: '차례', language: '언어', skip: '본문으로 건너뛰기',
    as_of: '기준일', generated: '작성', summary: '한눈에 보기', key_figures: '주요 수치', take_care: '유의하세요',
    no_data: '이 차트에 표시할 데이터가 없습니다.', no_rows: '표시할 행이 없습니다.', show_numbers: '수치로 보기',
    unknown_kind: '이 버전의 보고서가 그릴 수 없는 차트 종류입니다:', cannot_draw: '차트를 그리지 못했습니다',
    unreadable: '보고서 데이터를 읽을 수 없습니다', template: '데이터가 아직 들어 있지 않은 빈 보고서 양식입니다.',
    rows_shown: (shown, total) => `전체 ${total}행 중 ${shown}행 표시`,
    interval: level => level ? `${level} 구간` : '구간',
    band: interval => `음영: ${interval}.`, whiskers: interval => `오차 막대: ${interval}.`,
    count: '건수', share_of_all: '누적 비율', predicted: '예측', observed: '실제', of: name => `${name} 중`,
  },
};
