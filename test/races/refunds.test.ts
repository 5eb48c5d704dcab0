import { raceTests } from './sample.ts';

raceTests('refunds');
