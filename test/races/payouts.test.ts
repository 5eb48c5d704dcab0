import { raceTests } from './sample.ts';

raceTests('payouts');
